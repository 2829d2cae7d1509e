"""What customers are told, in each language. Pure.

Sentences are whole in every language, with names in braces for what is put in; a test holds every language to the same
sentences and names.
"""

from typing import NamedTuple


class Way(NamedTuple):
    """The headline of a state, and what it means for whoever waits."""

    headline: str
    meaning: str


EN = {
    "title": "Your delivery",
    "from": "From {brand}",
    "reference": "Number {reference}",
    "slot": "Planned for {day}, {begin} to {end}",
    "offer": "{day}, {begin} to {end}",
    "not_before": "Not before: {day}",
    "again": "The day of the next attempt is not decided yet; it will be shown here.",
    "again_choose": "Choose a time below, or wait: the day of the next attempt will be shown here.",
    "eta": "Expected between {begin} and {end}",
    "eta_soon": "Expected by {end}",
    "band": "Four in five deliveries come within the time given.",
    "stops_before.0": "You are next.",
    "stops_before.1": "One stop before you.",
    "stops_before.n": "{count} stops before you.",
    "far": "The place of the driver is shown once few stops are left before yours.",
    "silent": "Nothing was heard of the driver for a while. The times may be wrong.",
    "place_at": "Seen at {time}",
    "show_map": "Show on the map",
    "map": "Map with the place of the driver and of the delivery",
    "delivered_at": "{day} at {time}",
    "cash": "Please have {amount} ready.",
    "code": "Delivery code",
    "code_why": "Tell it to the driver when you have the parcel in your hands, and to nobody else.",
    "note": "A note for the driver",
    "note_hint": "For example: second door, ring twice. At most 500 characters.",
    "note_send": "Leave the note",
    "note_kept": "Your note is kept.",
    "note_long": "The note has {count} characters; the most is 500.",
    "move": "Choose another time",
    "move_send": "Ask for this time",
    "move_none": "No other time can be chosen now.",
    "moved": "The time is changed.",
    "move_over": "That time cannot be chosen any more.",
    "too_late": "That is not possible any more: the delivery has gone on meanwhile.",
    "too_many": "That was changed often in a short time. Try again later.",
    "gone": "Nothing to follow here",
    "gone_why": "A link like this one ends some time after the delivery. This one has ended, "
    "or was never there: see that the whole address is copied.",
    "today": "today",
    "tomorrow": "tomorrow",
    "zone": "All times are local to the delivery.",
    "language": "Language",
    "foot": "This page shows one delivery, to whoever has its link.",
    "updated": "As of {time}",
    "reason.nobody_home": "Nobody was there.",
    "reason.address_not_found": "The address was not found.",
    "reason.refused": "The parcel was not accepted.",
    "reason.no_access": "The driver could not get in.",
    "reason.no_time": "The driver ran out of time.",
    "reason.other": "The delivery did not work.",
}
EN_WAYS = {
    "announced": Way("Announced", "The parcel has not reached us yet."),
    "ready": Way("Being prepared", "The parcel is at our hub and will go out for delivery."),
    "out": Way("Out for delivery", "The parcel is in the vehicle."),
    "arriving": Way("Almost there", "The driver is on the way to you now."),
    "failed": Way("Not delivered yet", "We will try again."),
    "delivered": Way("Delivered", "The parcel was handed over."),
    "returning": Way("On its way back", "The parcel goes back to the sender."),
    "returned": Way("Returned", "The parcel is back with the sender."),
    "cancelled": Way("Cancelled", "This delivery will not take place."),
    "lost": Way("Lost", "The parcel cannot be found. The sender has been told."),
}
HI = {
    "title": "आपकी डिलीवरी",
    "from": "{brand} की ओर से",
    "reference": "संख्या {reference}",
    "slot": "तय समय: {day}, {begin} से {end} तक",
    "offer": "{day}, {begin} से {end} तक",
    "not_before": "इससे पहले नहीं: {day}",
    "again": "अगली कोशिश का दिन अभी तय नहीं है; तय होने पर यहाँ दिखेगा।",
    "again_choose": "नीचे कोई समय चुनें या प्रतीक्षा करें: अगली कोशिश का दिन तय होने पर यहाँ दिखेगा।",
    "eta": "अनुमानित समय: {begin} से {end} के बीच",
    "eta_soon": "{end} तक पहुँचने का अनुमान है",
    "band": "पाँच में से चार डिलीवरी बताए गए समय के भीतर पहुँचती हैं।",
    "stops_before.0": "अगली डिलीवरी आपकी है।",
    "stops_before.1": "आपसे पहले एक डिलीवरी बाकी है।",
    "stops_before.n": "आपसे पहले {count} डिलीवरी बाकी हैं।",
    "far": "जब आपसे पहले कुछ ही डिलीवरी बचेंगी, तब चालक की जगह दिखाई जाएगी।",
    "silent": "कुछ देर से चालक की जानकारी नहीं मिली है। समय बदल सकता है।",
    "place_at": "{time} बजे की जगह",
    "show_map": "नक्शे पर देखें",
    "map": "चालक और डिलीवरी की जगह का नक्शा",
    "delivered_at": "{day}, {time} बजे",
    "cash": "कृपया {amount} तैयार रखें।",
    "code": "डिलीवरी कोड",
    "code_why": "पार्सल हाथ में आने पर ही यह कोड चालक को बताएँ, किसी और को नहीं।",
    "note": "चालक के लिए संदेश",
    "note_hint": "जैसे: दूसरा दरवाज़ा, दो बार घंटी बजाएँ। अधिकतम 500 अक्षर।",
    "note_send": "संदेश छोड़ें",
    "note_kept": "आपका संदेश रख लिया गया है।",
    "note_long": "संदेश में {count} अक्षर हैं; अधिकतम 500 हो सकते हैं।",
    "move": "दूसरा समय चुनें",
    "move_send": "यह समय माँगें",
    "move_none": "अभी कोई दूसरा समय नहीं चुना जा सकता।",
    "moved": "समय बदल दिया गया है।",
    "move_over": "वह समय अब नहीं चुना जा सकता।",
    "too_late": "यह अब संभव नहीं है: डिलीवरी इस बीच आगे बढ़ चुकी है।",
    "too_many": "थोड़े समय में कई बार बदलाव हुए हैं। बाद में फिर कोशिश करें।",
    "gone": "यहाँ देखने को कुछ नहीं है",
    "gone_why": "ऐसा लिंक डिलीवरी के कुछ समय बाद बंद हो जाता है। यह लिंक बंद हो चुका है "
    "या कभी था ही नहीं: जाँच लें कि पूरा पता कॉपी हुआ है।",
    "today": "आज",
    "tomorrow": "कल",
    "zone": "सभी समय डिलीवरी की जगह के स्थानीय समय हैं।",
    "language": "भाषा",
    "foot": "यह पेज एक डिलीवरी दिखाता है, जिसके पास लिंक हो उसे।",
    "updated": "{time} बजे की स्थिति",
    "reason.nobody_home": "वहाँ कोई नहीं मिला।",
    "reason.address_not_found": "पता नहीं मिला।",
    "reason.refused": "पार्सल नहीं लिया गया।",
    "reason.no_access": "चालक भीतर नहीं पहुँच सका।",
    "reason.no_time": "चालक का समय पूरा हो गया।",
    "reason.other": "डिलीवरी नहीं हो सकी।",
}
HI_WAYS = {
    "announced": Way("सूचना मिली है", "पार्सल अभी हमारे पास नहीं पहुँचा है।"),
    "ready": Way("तैयारी हो रही है", "पार्सल हमारे केंद्र पर है और डिलीवरी के लिए निकलेगा।"),
    "out": Way("डिलीवरी के लिए निकल चुका है", "पार्सल गाड़ी में है।"),
    "arriving": Way("बस पहुँचने वाला है", "चालक अभी आपकी ओर आ रहा है।"),
    "failed": Way("अभी डिलीवर नहीं हुआ", "हम फिर कोशिश करेंगे।"),
    "delivered": Way("डिलीवर हो गया", "पार्सल सौंप दिया गया है।"),
    "returning": Way("वापस जा रहा है", "पार्सल भेजने वाले के पास वापस जा रहा है।"),
    "returned": Way("वापस पहुँच गया", "पार्सल भेजने वाले के पास लौट चुका है।"),
    "cancelled": Way("रद्द", "यह डिलीवरी नहीं होगी।"),
    "lost": Way("खो गया", "पार्सल नहीं मिल रहा है। भेजने वाले को बता दिया गया है।"),
}
MR = {
    "title": "तुमची डिलिव्हरी",
    "from": "{brand} यांच्याकडून",
    "reference": "क्रमांक {reference}",
    "slot": "ठरलेली वेळ: {day}, {begin} ते {end}",
    "offer": "{day}, {begin} ते {end}",
    "not_before": "याआधी नाही: {day}",
    "again": "पुढच्या प्रयत्नाचा दिवस अजून ठरलेला नाही; ठरल्यावर इथे दिसेल.",
    "again_choose": "खाली वेळ निवडा किंवा थांबा: पुढच्या प्रयत्नाचा दिवस ठरल्यावर इथे दिसेल.",
    "eta": "अंदाजे वेळ: {begin} ते {end} दरम्यान",
    "eta_soon": "{end} पर्यंत पोहोचण्याचा अंदाज आहे",
    "band": "पाचपैकी चार डिलिव्हरी दिलेल्या वेळेत पोहोचतात.",
    "stops_before.0": "पुढची डिलिव्हरी तुमची आहे.",
    "stops_before.1": "तुमच्या आधी एक डिलिव्हरी बाकी आहे.",
    "stops_before.n": "तुमच्या आधी {count} डिलिव्हरी बाकी आहेत.",
    "far": "तुमच्या आधी थोड्याच डिलिव्हरी उरल्या की चालकाचे ठिकाण दिसेल.",
    "silent": "काही वेळ चालकाची माहिती मिळालेली नाही. वेळ बदलू शकते.",
    "place_at": "{time} वाजताचे ठिकाण",
    "show_map": "नकाशावर पाहा",
    "map": "चालकाचे आणि डिलिव्हरीचे ठिकाण दाखवणारा नकाशा",
    "delivered_at": "{day}, {time} वाजता",
    "cash": "कृपया {amount} तयार ठेवा.",
    "code": "डिलिव्हरी कोड",
    "code_why": "पार्सल हातात आल्यावरच हा कोड चालकाला सांगा, इतर कोणालाही नाही.",
    "note": "चालकासाठी निरोप",
    "note_hint": "उदा.: दुसरे दार, दोनदा बेल वाजवा. जास्तीत जास्त 500 अक्षरे.",
    "note_send": "निरोप ठेवा",
    "note_kept": "तुमचा निरोप ठेवला आहे.",
    "note_long": "निरोपात {count} अक्षरे आहेत; जास्तीत जास्त 500 चालतात.",
    "move": "दुसरी वेळ निवडा",
    "move_send": "ही वेळ मागा",
    "move_none": "आत्ता दुसरी वेळ निवडता येत नाही.",
    "moved": "वेळ बदलली आहे.",
    "move_over": "ती वेळ आता निवडता येत नाही.",
    "too_late": "हे आता शक्य नाही: दरम्यान डिलिव्हरी पुढे गेली आहे.",
    "too_many": "थोड्या वेळात अनेक बदल झाले. नंतर पुन्हा प्रयत्न करा.",
    "gone": "इथे पाहण्यासारखे काही नाही",
    "gone_why": "अशी लिंक डिलिव्हरीनंतर काही वेळाने बंद होते. ही लिंक बंद झाली आहे "
    "किंवा कधी नव्हतीच: पूर्ण पत्ता कॉपी झाला आहे का ते पाहा.",
    "today": "आज",
    "tomorrow": "उद्या",
    "zone": "सर्व वेळा डिलिव्हरीच्या ठिकाणच्या स्थानिक वेळा आहेत.",
    "language": "भाषा",
    "foot": "हे पान एक डिलिव्हरी दाखवते, ज्याच्याकडे लिंक आहे त्याला.",
    "updated": "{time} वाजताची स्थिती",
    "reason.nobody_home": "तिथे कोणी नव्हते.",
    "reason.address_not_found": "पत्ता सापडला नाही.",
    "reason.refused": "पार्सल स्वीकारले नाही.",
    "reason.no_access": "चालकाला आत जाता आले नाही.",
    "reason.no_time": "चालकाची वेळ संपली.",
    "reason.other": "डिलिव्हरी होऊ शकली नाही.",
}
MR_WAYS = {
    "announced": Way("सूचना मिळाली आहे", "पार्सल अजून आमच्याकडे पोहोचलेले नाही."),
    "ready": Way("तयारी सुरू आहे", "पार्सल आमच्या केंद्रावर आहे आणि डिलिव्हरीसाठी निघेल."),
    "out": Way("डिलिव्हरीसाठी निघाले आहे", "पार्सल गाडीत आहे."),
    "arriving": Way("जवळ आले आहे", "चालक आता तुमच्याकडे येत आहे."),
    "failed": Way("अजून डिलिव्हर झाले नाही", "आम्ही पुन्हा प्रयत्न करू."),
    "delivered": Way("डिलिव्हर झाले", "पार्सल सुपूर्द केले आहे."),
    "returning": Way("परत जात आहे", "पार्सल पाठवणाऱ्याकडे परत जात आहे."),
    "returned": Way("परत पोहोचले", "पार्सल पाठवणाऱ्याकडे परत गेले आहे."),
    "cancelled": Way("रद्द", "ही डिलिव्हरी होणार नाही."),
    "lost": Way("हरवले", "पार्सल सापडत नाही. पाठवणाऱ्याला कळवले आहे."),
}
SENTENCES = {"en": EN, "hi": HI, "mr": MR}
WAYS = {"en": EN_WAYS, "hi": HI_WAYS, "mr": MR_WAYS}


def say(language: str, sentence: str, **values: object) -> str:
    """The sentence in the language, with the values in their places."""
    return SENTENCES[language][sentence].format(**values)


def way(language: str, name: str) -> Way:
    """What a state is called, and what it means."""
    return WAYS[language][name]


def reason(language: str, code: str) -> str:
    """Why an attempt failed."""
    sentences = SENTENCES[language]
    return sentences.get(f"reason.{code}", sentences["reason.other"])

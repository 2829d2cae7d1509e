"""Which columns a file of shipments may have: the name of each, its meaning, and how people head it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column we know. `spellings` are compared without case, accents, blanks and punctuation."""

    name: str
    label: str
    help: str
    example: str
    spellings: tuple[str, ...]


def _column(name: str, label: str, help_: str, example: str, spellings: str) -> Column:
    return Column(name, label, help_, example, (name, *(one.strip() for one in spellings.split(","))))


COLUMNS = (
    _column(
        "external_id", "Your id", "By which you know the parcel; the same id again is the same parcel.", "MP-1001",
        "id, order, order id, order no, order number, order ref, order reference, shipment, shipment id, shipment no, "
        "shipment number, shipment reference, parcel, parcel id, parcel no, package id, awb, awb no, awb number, "
        "waybill, waybill no, consignment, consignment no, consignment number, docket, docket no, tracking, "
        "tracking id, tracking no, tracking number, reference, ref, ref no, customer reference, your id, job id, "
        "bestellnummer, auftrag, auftragsnummer, auftrags nr, sendung, sendungsnummer, sendungs nr, paketnummer, "
        "referenz, ऑर्डर, ऑर्डर क्रमांक, ऑर्डर आईडी, ऑर्डर नंबर, ऑर्डर संख्या, पार्सल क्रमांक, पार्सल नंबर, शिपमेंट क्रमांक, "
        "शिपमेंट आईडी, संदर्भ, संदर्भ क्रमांक, numero de pedido, pedido, commande, numero de commande, ordine",
    ),
    _column(
        "recipient", "Recipient", "Who takes it.", "Asha Kulkarni",
        "name, customer, customer name, consignee, consignee name, recipient name, receiver, receiver name, "
        "contact, contact name, contact person, deliver to, ship to, ship to name, addressee, empfanger, empfaenger, "
        "kunde, kundenname, ansprechpartner, नाम, ग्राहक, ग्राहक का नाम, ग्राहकाचे नाव, नाव, प्राप्तकर्ता, प्राप्तकर्ता का नाम, "
        "प्राप्तकर्त्याचे नाव, nombre, destinatario, cliente, nom, destinataire, client",
    ),
    _column(
        "phone", "Phone", "For the driver; with the country's code.", "+91 98220 12345",
        "phone no, phone number, mobile, mobile no, mobile number, cell, cell phone, contact no, contact number, "
        "telephone, tel, tel no, whatsapp, recipient phone, customer phone, telefon, telefonnummer, tel nr, handy, "
        "handynummer, mobil, फोन, फोन नंबर, मोबाइल, मोबाइल नंबर, मोबाईल, मोबाईल नंबर, दूरभाष, संपर्क, संपर्क क्रमांक, "
        "telefono, telephone portable",
    ),
    _column(
        "email", "E-mail", "For news to the recipient.", "asha@example.com",
        "e mail, mail, email address, e mail address, email id, mail id, recipient email, customer email, "
        "e mail adresse, mailadresse, ईमेल, ई मेल, correo, courriel",
    ),
    _column(
        "language", "Language", "In which the recipient is written to: en, hi, mr.", "mr",
        "lang, locale, recipient language, sprache, भाषा, idioma, langue",
    ),
    _column(
        "address", "Address", "As it would stand on the parcel; or its parts in columns of their own.",
        "12 Tilak Road, Sadashiv Peth",
        "address line, address line 1, address 1, address1, addr, addr 1, street, street address, full address, "
        "delivery address, shipping address, ship to address, consignee address, customer address, drop address, "
        "adresse, anschrift, lieferadresse, lieferanschrift, strasse, strasse und hausnummer, strasse hausnummer, "
        "पता, पूरा पता, डिलीवरी पता, पत्ता, संपूर्ण पत्ता, वितरण पत्ता, direccion, endereco, indirizzo",
    ),
    _column(
        "address2", "Address, second line", "", "",
        "address line 2, address 2, addr 2, apartment, apt, flat, flat no, building, landmark, suite, unit, floor, "
        "house name, adresszusatz, zusatz, hausnummer, hausnr, फ्लैट, इमारत, मजला, खूण, भूमिचिह्न, complemento",
    ),
    _column(
        "locality", "Locality", "", "",
        "area, area name, sublocality, neighbourhood, neighborhood, suburb, village, district, post office, ortsteil, "
        "stadtteil, इलाका, क्षेत्र, परिसर, भाग, गाँव, गाव, मोहल्ला, bairro, barrio, quartier",
    ),
    _column(
        "city", "City", "", "Pune",
        "town, place, town city, city town, ort, stadt, शहर, नगर, ciudad, cidade, ville, citta",
    ),
    _column("state", "State", "", "", "province, region, county, bundesland, राज्य, estado, provincia"),
    _column(
        "postcode", "Postcode", "", "411030",
        "post code, postal code, zip, zip code, zipcode, pin, pin code, pincode, plz, postleitzahl, पिन, पिन कोड, "
        "पिनकोड, डाक कोड, codigo postal, cep, code postal, cap",
    ),
    _column("country", "Country", "", "", "country code, land, देश, pais, pays, paese"),
    _column(
        "latitude", "Latitude", "In degrees, WGS 84; north is positive.", "18.5089",
        "lat, latitude deg, y, geo lat, gps lat, delivery latitude, drop lat, drop latitude, destination latitude, "
        "breitengrad, breite, geografische breite, अक्षांश, latitud",
    ),
    _column(
        "longitude", "Longitude", "In degrees, WGS 84; east is positive.", "73.8478",
        "lon, lng, long, longitude deg, x, geo lng, geo lon, gps lon, gps lng, delivery longitude, drop lng, drop lon, "
        "drop longitude, destination longitude, langengrad, laengengrad, lange, laenge, geografische lange, देशांतर, "
        "रेखांश, longitud",
    ),
    _column(
        "coordinates", "Latitude and longitude in one cell", "", "",
        "coordinate, lat long, lat lng, lat lon, latlong, latlng, latlon, geo, gps, gps coordinates, geo location, "
        "geolocation, location, koordinaten, निर्देशांक, coordenadas, coordonnees",
    ),
    _column(
        "hub", "Hub", "Your id or the name of the hub that delivers it; empty: by its delivery zone.", "",
        "hub id, hub code, hub name, depot, depot id, depot code, station, branch, warehouse, fulfilment centre, "
        "fulfillment center, delivery zone, zone, standort, lager, niederlassung, हब, केंद्र, गोदाम, almacen",
    ),
    _column(
        "slot", "Slot", "When it may come: ISO 8601, several with a semicolon between.",
        "2026-11-23T09:00/12:00",
        "slots, time slot, delivery slot, window, time window, delivery window, delivery time window, appointment, "
        "promised slot, zeitfenster, lieferfenster, lieferzeitfenster, termin, स्लॉट, समय स्लॉट, वेळ स्लॉट, वेळेचा स्लॉट, "
        "franja horaria, creneau",
    ),
    _column(
        "slot_date", "Day", "Of the slot, where its times stand in columns of their own.", "",
        "date, day, delivery date, delivery day, due date, promised date, scheduled date, slot date, service date, "
        "datum, lieferdatum, liefertag, tag, तारीख, दिनांक, डिलीवरी तारीख, वितरण दिनांक, fecha, data, jour",
    ),
    _column(
        "slot_from", "From", "Begin of the slot.", "",
        "slot from, slot start, start, start time, time from, earliest, earliest time, not before, window start, "
        "tw start, from time, begin, ready time, von, ab, fruhestens, ab uhrzeit, से, समय से, पासून, वेळ पासून, "
        "desde, inicio, debut, delivery from, delivery start",
    ),
    _column(
        "slot_to", "To", "End of the slot.", "",
        "slot to, slot end, end, end time, time to, latest, latest time, not after, window end, tw end, to time, "
        "until, due by, deadline, deliver by, bis, spatestens, bis uhrzeit, तक, समय तक, पर्यंत, वेळ पर्यंत, hasta, fin, "
        "delivery to, delivery end, due time",
    ),
    _column(
        "parcels", "Parcels", "How many pieces; 1 where empty.", "1",
        "pieces, pcs, quantity, qty, no of parcels, number of parcels, no of packages, packages, boxes, cartons, "
        "items, units, count, anzahl, stuck, stueck, stuckzahl, pakete, kolli, menge, संख्या, नग, पार्सल, प्रमाण, "
        "cantidad, quantidade, bultos, colis, quantite, size, demand",
    ),
    _column(
        "kg", "Weight, kg", "Of all pieces together; “2.5”, “2,5 kg” or “800 g”.", "2.5",
        "weight, weight kg, kgs, kilos, kilogram, kilograms, gross weight, actual weight, total weight, gewicht, "
        "gewicht kg, वजन, वजन किलो, वज़न, किलो, peso, peso kg, poids",
    ),
    _column(
        "litres", "Volume, litres", "Of all pieces together; “8”, “0.2 m3”.", "8",
        "liters, litre, liter, l, volume, volume l, vol, volume litres, volumen, volumen l, आयतन, आकारमान, लिटर, लीटर, "
        "volumen litros",
    ),
    _column(
        "service_min", "Minutes at the door", "How long handing over takes; 3 where empty.", "3",
        "service time, service minutes, service duration, service time min, service mins, duration, stop time, "
        "handling time, time at stop, dwell, dwell time, unloading time, servicezeit, standzeit, aufenthalt, "
        "सेवा समय, सेवा वेळ, tiempo de servicio",
    ),
    _column(
        "service_s", "Seconds at the door", "", "",
        "service seconds, service time s, service time sec, service time seconds, service sec",
    ),
    _column(
        "priority", "Priority", "-10 to 10, or low, normal, high, urgent; the higher is left out last.", "0",
        "prio, importance, rank, urgency, prioritat, prioritaet, dringlichkeit, wichtigkeit, प्राथमिकता, प्राधान्य, "
        "prioridad, prioridade, priorite",
    ),
    _column(
        "skills", "Skills", "What driver or vehicle must be able to, with commas between.", "",
        "skill, requirements, required skills, capabilities, tags, fahigkeiten, faehigkeiten, anforderungen, कौशल, "
        "कौशल्य, कौशल्ये",
    ),
    _column(
        "cash", "Cash to collect", "In whole units of the currency, as “450.50”.", "450.00",
        "cod, cod amount, cash on delivery, cash to collect, collect, collect amount, collectable, collectable amount, "
        "amount to collect, amount due, amount, nachnahme, nachnahmebetrag, bar, zu kassieren, betrag, नकद, नकद राशि, "
        "रोख, रोख रक्कम, रक्कम, राशि, सीओडी, contra reembolso, monto, valor a cobrar",
    ),
    _column(
        "currency", "Currency", "Three letters.", "INR",
        "currency code, cod currency, cur, wahrung, waehrung, मुद्रा, चलन, moneda, moeda, devise",
    ),
    _column(
        "note", "Note to the driver", "", "Ring twice",
        "notes, remark, remarks, comment, comments, instruction, instructions, delivery instruction, "
        "delivery instructions, delivery note, special instructions, driver note, hinweis, hinweise, bemerkung, "
        "bemerkungen, notiz, anmerkung, टिप्पणी, निर्देश, सूचना, टीप, शेरा, nota, observaciones, remarque",
    ),
)  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}
TEMPLATE = (
    "external_id", "recipient", "phone", "email", "address", "city", "postcode", "latitude", "longitude", "slot",
    "parcels", "kg", "litres", "service_min", "priority", "skills", "cash", "currency", "note", "hub", "language",
)  # fmt: skip

"""The ticks of the work in the background: what beat asks for and how often. Due times live in PostgreSQL."""

from typing import Any

# seconds between two, the task, and why it is there
TICKS = (
    (5, "tracker.heartbeat", "say that worker and beat are alive"),
    (3600, "tracker.keep_partitions", "make partitions ahead and drop old ones"),
    (3600, "tracker.archive", "archive the days that are complete"),
    (3600, "tracker.fold_outcomes", "fold outcome counts into minutes"),
    (3600, "tracker.forget_set_aside", "forget set-aside reports after their week"),
    (3600, "tracker.forget_traces", "forget trace ids after eight days"),
    (5, "tracker.book_requests", "book what was asked of API and door"),
    (3600, "tracker.forget_requests", "forget requests after their week"),
    (3600, "tracker.forget_answers", "forget answers kept for repeats"),
    (3600, "tracker.examine_units", "look for devices whose speeds are in another unit"),
    (5, "tracker.announce_certificates", "tell the brokers which certificates ended"),
    (10, "tracker.book_denials", "count what the brokers denied"),
    (3600, "tracker.renew_broker", "renew what the broker reads"),
    (5, "tracker.watch_devices", "tell which devices fell silent, came back or run low"),
    (600, "tracker.learn_cadences", "learn how often devices report"),
    (5, "tracker.tell_of_stays", "tell of stays that are long enough"),
    (2, "tracker.trips_progress", "bring trips up to date"),
    (3600, "tracker.forget_alerts", "forget alerts that have long been over"),
    (15, "tracker.ask_expected", "ask whether devices are where they are expected"),
    (30, "tracker.watch_quarantine", "look for unusual shares of quarantined reports"),
    (30, "tracker.tell_endpoint_owners", "tell owners of failing webhook endpoints"),
    (5, "tracker.make_exports", "make the exports that were asked for"),
    (5, "tracker.drive_cities", "drive the vehicles of simulated cities"),
    (5, "tracker.erase", "erase what was ordered to be erased"),
    (5, "dispatch.take_steps", "take the steps of sagas that are due"),
    (30, "dispatch.begin_sagas", "look for what must be followed to its end"),
    (5, "dispatch.send_mails", "send mails to customers and teams"),
    (5, "dispatch.send_texts", "send text messages and pushes"),
    (3600, "dispatch.forget_messages", "forget old messages"),
    (86400, "dispatch.forget_uploads", "forget old uploads"),
    (5, "dispatch.refresh_figures", "compute the days that something changed"),
    (300, "dispatch.refresh_all_figures", "compute the days of all hubs at work"),
    (86400, "dispatch.forget_predictions", "forget old predictions"),
    (3600, "dispatch.propose_patterns", "look for patterns in overrides"),
    (3600, "tracker.forget_relayed", "forget events after thirty days"),
    (20, "billing.pull_usage", "count what was used this hour"),
    (5, "billing.judge_storms", "tell storms from growth"),
    (30, "billing.tell_use", "tell the payment provider what was used"),
    (5, "billing.act_on_news", "act on the payment provider's news"),
    (600, "billing.collect", "remind of debts, and do what follows"),
    (3600, "billing.compare_use", "compare what the payment provider counted"),
    (2, "tracker.end_expired_keys", "end the keys whose time is over"),
    (15, "billing.watch_budgets", "watch budgets and caps"),
    (30, "tracker.publish_feed", "tell the doors again what they must know"),
    (60, "billing.begin_choices", "hand on the limits of plans that begin"),
    (3600, "billing.close_months", "write the invoices of months that are over"),
)
HOUR_S = 3600


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Celery's form of it. One that comes again soon is worth nothing late, and is dropped when two more are due."""
    return {
        why: {
            "task": task,
            "schedule": float(seconds),
            **({"options": {"expires": 2 * seconds}} if seconds < HOUR_S else {}),
        }
        for seconds, task, why in TICKS
    }

"""How passwords are kept, by the settings that serve and not by the tests' own."""

from config import settings as served


def test_passwords_are_kept_with_argon2():
    assert served.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_short_common_and_numeric_passwords_are_refused():
    names = {validator["NAME"].rsplit(".", 1)[1] for validator in served.AUTH_PASSWORD_VALIDATORS}
    assert names >= {"MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator"}

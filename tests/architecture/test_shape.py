"""The shape of the tree: sizes, names, first lines, and what the repository must not hold."""

import ast
import re

import pytest

from tests.architecture.sources import PROJECT, python, tracked, tree

PRODUCT = ("config", "tracker", "dispatch", "billing", "ingest_lambda", "bin", "bench")
DRAWERS = {"utils", "helpers", "common", "base", "manager", "misc"}
LONGEST_FILE, LONGEST_FUNCTION = 600, 40


def test_no_file_is_longer_than_a_reader_can_hold():
    sizes = {p: len((PROJECT / p).read_text().splitlines()) for p in python() if "migrations" not in p.parts}
    assert {str(p): n for p, n in sizes.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    long = {}
    for path in python():
        if {"migrations", "tests"} & set(path.parts):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{path}:{node.name}"] = lines
    assert long == {}


def test_no_file_is_a_drawer_for_anything():
    assert [str(p) for p in python() if p.stem in DRAWERS] == []


def test_each_module_says_in_its_first_line_what_lives_there():
    silent = [
        str(p)
        for p in python()
        if "migrations" not in p.parts
        and (PROJECT / p).read_text().strip()
        and not ast.get_docstring(tree(p))
    ]
    assert silent == []


def test_only_a_capabilitys_own_places_write_to_the_database_from_pages():
    """Views and API functions parse, call one service or selector, and render."""
    writes = re.compile(r"\.(save|create|bulk_create|get_or_create|update_or_create|delete|update)\(")
    allowed = re.compile(r"(session|context|headers|values|params|data|facts)\.update\(")
    found = [
        f"{path}:{number}"
        for path in python("tracker")
        if path.stem in {"views", "api", "consumers"}
        for number, line in enumerate((PROJECT / path).read_text().splitlines(), 1)
        if writes.search(line) and not allowed.search(line)
    ]
    assert found == []


def test_every_unscoped_query_says_why():
    for path in python("tracker"):
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "unscoped"
            ):
                assert node.args, f"{path}:{node.lineno} gives no reason"


def test_migrations_are_named_by_meaning_and_import_nothing_of_the_app():
    for path in python("tracker", "dispatch", "billing"):
        if path.parent.name != "migrations" or path.stem == "__init__":
            continue
        assert not re.search(r"_auto_|_initial$", path.stem), f"{path} is not named by meaning"
        for node in ast.walk(tree(path)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] in PRODUCT], f"{path} imports app code"


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later_in_a_comment(word):
    assert [str(p) for p in python(*PRODUCT) if re.search(rf"\b{word}\b", (PROJECT / p).read_text())] == []


def test_lock_files_carry_hashes_and_no_addresses():
    for path in tracked():
        if path.parts[0] == "requirements" and path.suffix == ".txt":
            text = (PROJECT / path).read_text()
            assert "--hash=sha256:" in text
            assert "://" not in text
            assert "--find-links" not in text
        if path.name == "package-lock.json":
            assert '"resolved"' not in (PROJECT / path).read_text()


def test_no_page_holds_a_script_or_a_style_of_its_own():
    for path in tracked():
        if path.suffix != ".html":
            continue
        text = (PROJECT / path).read_text()
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, f"{path}: inline script {tag}"
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"", text), f"{path}: inline style or handler"


def test_nothing_made_by_a_run_is_committed():
    assert [str(p) for p in tracked() if p.parts[0] in {"var", "node_modules", ".venv"}] == []

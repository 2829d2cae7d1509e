"""Vendored modules find each other by address."""

import pytest
from box.frontend import readdress
from box.say import Refusal


def test_a_module_that_imports_by_name_imports_by_address_afterwards(tmp_path):
    file = tmp_path / "adapter.js"
    file.write_text(
        'import{A as e}from"terra-draw";import{B}from "terra-draw";export{e as default};const x="terra-draw";'
    )
    readdress(file, {"terra-draw": "../../terra-draw/dist/it.js"})
    text = file.read_text()
    assert text.count('from "../../terra-draw/dist/it.js"') == 2
    assert 'const x="terra-draw"' in text


def test_a_package_that_no_longer_imports_it_is_told(tmp_path):
    file = tmp_path / "adapter.js"
    file.write_text("export const nothing = 1;")
    with pytest.raises(Refusal):
        readdress(file, {"terra-draw": "elsewhere.js"})

"""Neovim without a window: the server under a client of somebody else's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY, require_tool
from tests.language_server.conftest import RELEASE, write_release

SCRIPT = """
local command, folder, out = ...
local found = {}
vim.lsp.start({ name = 'policyspec', cmd = command, root_dir = folder })
local client
vim.wait(20000, function()
  client = vim.lsp.get_clients({ name = 'policyspec' })[1]
  return client ~= nil and client.initialized and #vim.diagnostic.get(0) > 0
end, 20)
found.encoding = client and client.offset_encoding
local function told()
  local list = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(list, { code = one.code, line = one.lnum + 1, column = one.col, last = one.end_col })
  end
  table.sort(list, function(a, b) return a.line * 1000 + a.column < b.line * 1000 + b.column end)
  return list
end
found.before = told()
local function at(words, id)
  local line = vim.fn.search(words, 'w')
  local column = vim.fn.getline(line):find(id, 1, true)
  -- Neovim counts bytes from 1, and the protocol what was agreed on.
  local character = vim.str_utfindex(vim.fn.getline(line), client.offset_encoding, column)
  return { textDocument = vim.lsp.util.make_text_document_params(), position = { line = line - 1, character = character } }
end
local hover = vim.lsp.buf_request_sync(0, 'textDocument/hover', at('see ', 'be_fair'), 20000)
found.hover = vim.tbl_values(hover)[1].result.contents.value
local asked = at('{#be_kind', 'be_kind')
asked.newName = 'be_gentle'
local rename = vim.tbl_values(vim.lsp.buf_request_sync(0, 'textDocument/rename', asked, 20000))[1].result
vim.lsp.util.apply_workspace_edit(rename, client.offset_encoding)
found.files = #vim.fn.getbufinfo({ bufmodified = 1 })
found.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')
vim.wait(1500, function() return false end, 100)
found.after = told()
local file = io.open(out, 'w')
file:write(vim.json.encode(found))
file:close()
vim.cmd('qa!')
"""
TEXT = RELEASE.replace("see [?](#be_fair)", "🦉🦉 see [?](#be_fair), [?](#nowhere)")


def neovim() -> str:
    """Return the program, of the environment that the tests run in, else of the system."""
    beside = Path(sys.executable).with_name("nvim")
    return str(beside) if beside.exists() else require_tool("nvim")


def test_neovim_shows_findings_and_renames_in_every_file(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "desk")
    shutil.rmtree(folder / "examples")
    (folder / "model_spec.md").write_text(TEXT.replace("[^ab12]", ""), "utf-8")
    script, out = tmp_path / "try.lua", tmp_path / "found.json"
    command = [sys.executable, "-c", "from sphinx_policyspec.cli import main; main()", "lsp"]
    lua = "{ " + ", ".join(json.dumps(part) for part in command) + " }"
    script.write_text(
        f"local function go(...)\n{SCRIPT}\nend\ngo({lua}, {json.dumps(str(folder))}, {json.dumps(str(out))})\n",
        "utf-8",
    )
    path = os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [neovim(), "-n", "--headless", "--clean", str(folder / "model_spec.md"), "-c", f"luafile {script}", "-c", "qa!"],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": path, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert out.exists(), done.stdout + done.stderr
    found = json.loads(out.read_text("utf-8"))
    line = next(one for one in TEXT.replace("[^ab12]", "").split("\n") if "see" in one)
    (dangling,) = (one for one in found["before"] if one["code"] == "dangling-reference")
    # Neovim counts columns in bytes, whatever it has agreed on.
    assert line.encode()[dangling["column"] : dangling["last"]].decode() in {
        "nowhere",
        "[?](#nowhere)",
        "#nowhere",
    }
    assert found["hover"].startswith("**Be fair** · provision `be_fair`")
    assert found["files"] == 2
    assert "be_kind" not in found["text"]
    assert found["text"].count("be_gentle") == TEXT.count("be_kind")
    assert [one["code"] for one in found["after"]] == [one["code"] for one in found["before"]]

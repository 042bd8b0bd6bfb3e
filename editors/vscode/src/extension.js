// Starts the language server and tells it what the user has set; all that is known of specs is known there.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const vscode = require('vscode');
const { CloseAction, ErrorAction, LanguageClient } = require('vscode-languageclient/node');

const NAME = 'policyspec';
const INSTALLING = "pip install 'sphinx-policyspec[lsp]'";
const FILES = '**/{conf.py,*.md,*.markdown,*.rst,*.txt,*.yaml,*.yml}';
const LANGUAGES = ['markdown', 'restructuredtext', 'yaml'];

let child;
let client;
let watcher;
/** Starts and stops follow each other, whoever asks for them. */
let last = Promise.resolve();

function activate(context) {
  const restart = () => (last = last.then(stop).then(start).catch(complain));
  watcher = vscode.workspace.createFileSystemWatcher(FILES);
  context.subscriptions.push(
    watcher,
    vscode.commands.registerCommand(`${NAME}.restart`, restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${NAME}.command`)) restart();
      else if (event.affectsConfiguration(NAME)) last = last.then(tell).catch(complain);
    }),
  );
  return restart();
}

function deactivate() {
  return last.then(stop);
}

async function start() {
  const folder = vscode.workspace.workspaceFolders?.find((one) => one.uri.scheme === 'file')?.uri.fsPath;
  const isTrusted = vscode.workspace.isTrusted;
  const [name, ...args] = vscode.workspace
    .getConfiguration(NAME)
    .get('command')
    .map((word) => word.replaceAll('${workspaceFolder}', folder ?? ''));
  // A folder that is not trusted must not be where programs are looked for, as Windows does before all others.
  const cwd = isTrusted && folder ? folder : os.homedir();
  const command = found(name, cwd);
  if (!command) throw new Trouble(`there is no program ${name}`);
  let said = '';
  let isUp = false;
  const run = async () => {
    child = spawn(command, args, { cwd });
    child.stderr.on('data', (data) => (said = (said + data).slice(-2000)));
    child.on('error', (error) => (said += error.message));
    return child;
  };
  const usual = () => client.createDefaultErrorHandler();
  let handler;
  client = new LanguageClient(NAME, 'Policy spec', run, {
    documentSelector: LANGUAGES.map((language) => ({ scheme: 'file', language })),
    initializationOptions: { trusted: isTrusted, ...settings() },
    synchronize: { fileEvents: watcher },
    // One that never came up would not come up at the next try, either.
    errorHandler: {
      error: (...given) => (isUp ? (handler ??= usual()).error(...given) : { action: ErrorAction.Shutdown, handled: true }),
      closed: () => (isUp ? (handler ??= usual()).closed() : { action: CloseAction.DoNotRestart, handled: true }),
    },
    initializationFailedHandler: () => false,
  });
  // The client says nothing of a server that ends at once, but in its log.
  await client.start().catch(() => {});
  isUp = client.isRunning();
  if (!isUp) throw new Trouble(`${name} does not answer: ${said.trim().split('\n').at(-1) || 'it ended'}`);
}

async function stop() {
  const old = client;
  client = undefined;
  // One that never came up, or has ended by itself, cannot be asked to stop.
  if (old?.isRunning()) await old.stop();
  child?.kill();
  child = undefined;
}

async function tell() {
  if (client?.isRunning()) {
    await client.sendNotification('workspace/didChangeConfiguration', { settings: { [NAME]: settings() } });
  }
}

/** What the server reads of the settings; that a workspace is trusted, it takes when it starts alone. */
function settings() {
  const { runConf, hints, annotations, keepAliases } = vscode.workspace.getConfiguration(NAME);
  return { runConf, hints, annotations, keepAliases };
}

/** Return the file that a name stands for, as a shell would find it, or nothing. */
function found(name, cwd) {
  const isPath = /[\\/]/.test(name);
  const folders = isPath ? [cwd] : (process.env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute);
  const endings = process.platform === 'win32' ? ['.exe', ''] : [''];
  const files = folders.flatMap((one) => endings.map((ending) => path.resolve(one, name + ending)));
  return files.find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** Why there is no server, which the user can do something about. */
class Trouble extends Error {}

function complain(error) {
  const why = error instanceof Trouble ? error.message : String(error);
  const message = `Policy spec: ${why}. Install it (${INSTALLING}), or set ${NAME}.command.`;
  // Not waited for: the message may stand there while the user sets things right.
  vscode.window.showErrorMessage(message, 'Open Settings').then((chosen) => {
    if (chosen) vscode.commands.executeCommand('workbench.action.openSettings', `${NAME}.command`);
  });
}

module.exports = { activate, deactivate };

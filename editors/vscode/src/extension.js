// Starts the language server and tells it what the user has set; all that is known of specs is known there.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

const NAME = 'policyspec';
const INSTALLING = "pip install 'sphinx-policyspec[lsp]'";
const FILES = '**/{conf.py,*.md,*.markdown,*.rst,*.txt,*.yaml,*.yml}';
const LANGUAGES = ['markdown', 'restructuredtext', 'yaml'];

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
  if (!command) throw new Missing(name);
  client = new LanguageClient(
    NAME,
    'Policy spec',
    { command, args, options: { cwd } },
    {
      documentSelector: LANGUAGES.map((language) => ({ scheme: 'file', language })),
      initializationOptions: { trusted: isTrusted, ...settings() },
      synchronize: { fileEvents: watcher },
    },
  );
  await client.start();
}

async function stop() {
  const old = client;
  client = undefined;
  // One that never came up, or has ended by itself, cannot be asked to stop.
  if (old?.isRunning()) await old.stop();
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

class Missing extends Error {
  constructor(name) {
    super(`Policy spec: there is no program ${name}. Install it (${INSTALLING}), or set ${NAME}.command.`);
  }
}

function complain(error) {
  // The client itself shows why a program that is there does not answer.
  if (!(error instanceof Missing)) return;
  // Not waited for: the message may stand there while the user sets things right.
  vscode.window.showWarningMessage(error.message, 'Open Settings').then((chosen) => {
    if (chosen) vscode.commands.executeCommand('workbench.action.openSettings', `${NAME}.command`);
  });
}

module.exports = { activate, deactivate };

// What a user of Thunderbird does and sees, for tests/peers/thunderbird.py: each function is one act of the hands or one look, done by
// the code that is behind the button where there is one. A folder is named [e-mail address of the account, name, name of its child, ...].

const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

async function until(holds, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise(resolve => window.setTimeout(resolve, 50));
  }
}

// ---- what is to be seen

const pane = () => document.getElementById("tabmail").currentAbout3Pane;
const account_of = address => MailServices.accounts.accounts.find(one => one.defaultIdentity?.email == address);

function find_folder([address, ...names]) {
  let folder = account_of(address).incomingServer.rootFolder;
  for (const name of names) {
    folder = folder.subFolders.find(one => one.localizedName == name || one.name == name);
    if (!folder) return null;
  }
  return folder;
}

function the_folder(path) {
  const folder = find_folder(path);
  if (!folder) throw new Error(`no folder ${path.join(" / ")}`);
  return folder;
}

function folders(address) {
  const kinds = ["Inbox", "Trash", "SentMail", "Drafts", "Junk", "Archive"];
  const list = (folder, names) => folder.subFolders.flatMap(one =>
    [{ names: [...names, one.localizedName], kind: kinds.find(kind => one.flags & Ci.nsMsgFolderFlags[kind]) }, ...list(one, [...names, one.localizedName])]);
  return list(account_of(address).incomingServer.rootFolder, []);
}

const as_seen = header => ({
  subject: header.mime2DecodedSubject, author: header.mime2DecodedAuthor, read: header.isRead, flagged: header.isFlagged,
  keywords: header.getStringProperty("keywords").split(" ").filter(Boolean), uid: header.messageKey, octets: header.messageSize,
});

const messages = path => Array.from(the_folder(path).messages, as_seen);

function header_of(path, subject) {
  const found = Array.from(the_folder(path).messages).filter(header => header.mime2DecodedSubject == subject);
  if (found.length != 1) throw new Error(`${found.length} messages ${subject} in ${path.join(" / ")}`);
  return found[0];
}

// ---- first of all

/** Notes what Thunderbird would tell its user in a box. */
function watch_for_alerts() {
  window.alerts_seen = [];
  window.alert_listener = {
    QueryInterface: ChromeUtils.generateQI(["nsIMsgUserFeedbackListener"]),
    onAlert(message) { window.alerts_seen.push(message); return true; },
    onCertError() { window.alerts_seen.push("bad certificate"); return true; },
  };
  MailServices.mailSession.addUserFeedbackListener(window.alert_listener);
}

const alerts = () => window.alerts_seen;
const version = () => Services.appinfo.version;

/** The certificate manager's "Import": this authority may identify servers. */
function trust(base64) {
  Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(base64, "CT,,");
}

function account_config({ type, host, port, out_port, tls, address, password, name }) {
  const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
  const config = new AccountConfig();
  const way = { hostname: host, username: address, password, auth: Ci.nsMsgAuthMethod.passwordCleartext,
                socketType: tls == "inside" ? Ci.nsMsgSocketType.SSL : Ci.nsMsgSocketType.alwaysSTARTTLS };
  Object.assign(config.incoming, way, { type, port });
  Object.assign(config.outgoing, way, { type: "smtp", port: out_port });
  config.identity = { realname: name, emailAddress: address };
  config.displayName = name;
  config.rememberPassword = true;
  return config;
}

/** The new account's "Continue": tries to log in. Answers "good", or what the user is told. */
async function verify_account(account) {
  const { ConfigVerifier } = ChromeUtils.importESModule("resource:///modules/accountcreation/ConfigVerifier.sys.mjs");
  const decline = opened => opened.location.href.includes("exceptionDialog") && opened.setTimeout(() => opened.close(), 200);
  const asked = { observe: opened => opened.addEventListener("load", () => decline(opened), { once: true }) };
  Services.obs.addObserver(asked, "domwindowopened");  // "Add security exception?" No.
  try {
    await new ConfigVerifier(window.msgWindow, new AbortController().signal).verifyConfig(account_config(account), false);
    return "good";
  } catch (error) {
    return error.message;
  } finally {
    Services.obs.removeObserver(asked, "domwindowopened");
  }
}

/** The new account's "Done". With or without extensions that Thunderbird can use: UTF8=ACCEPT (its default is yes), CONDSTORE (no). */
async function create_account(account) {
  const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
  const { incomingServer } = await CreateInBackend.createAccountInBackend(account_config(account));
  incomingServer.setBoolValue("allow_utf8_accept", account.extensions);
  incomingServer.setBoolValue("use_condstore", account.extensions);
}

// ---- folders

/** A click on the folder. */
async function open(path) {
  const folder = the_folder(path);
  await until(() => pane()?.folderPane && pane().folderPane.getRowForFolder(folder.URI), `a row for ${path}`);
  pane().displayFolder(folder.URI);
  await until(() => pane().gFolder?.URI == folder.URI && pane().gDBView, `${path} on show`);
}

/** "Get messages". */
function get_messages(address) {
  const { incomingServer } = account_of(address);
  incomingServer.performExpand(window.msgWindow);
  incomingServer.getNewMessages(incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox), window.msgWindow, null);
}

async function create_folder(path, name) {
  the_folder(path).createSubfolder(name, window.msgWindow);
  await until(() => find_folder([...path, name]), `the folder ${name}`);
}

async function rename_folder(path, name) {
  the_folder(path).rename(name, window.msgWindow);
  await until(() => find_folder([...path.slice(0, -1), name]), `the folder ${name}`);
}

/** "Delete folder": it goes to the bin. */
async function delete_folder(path) {
  pane().folderPane.deleteFolder(the_folder(path));
  await until(() => !find_folder(path), `${path} gone`);
}

/** "Compact": what is deleted leaves the server. */
const compact = path => new Promise(done => the_folder(path).compact({ OnStartRunningUrl() {}, OnStopRunningUrl: () => done() }, window.msgWindow));

const empty_trash = address => pane().folderPane.emptyTrash(account_of(address).incomingServer.rootFolder);

function quota(path) {
  const folder = the_folder(path).QueryInterface(Ci.nsIMsgImapMailFolder);
  return folder.getQuota().map(({ name, usage, limit }) => ({ name, usage: Number(usage), limit: Number(limit) }));
}

const quota_on_show = () => document.getElementById("quotaPanel").hidden ? "" : document.getElementById("quotaLabel").value;

// ---- messages

const shown = () => pane().messageBrowser.contentWindow;

/** A click on a message, which shows it (and reads it); with more, on each with Ctrl. */
async function select(path, subjects) {
  await open(path);
  const wanted = [subjects].flat();
  const rows = await until(() => {
    const found = wanted.map(subject => pane().gDBView.findIndexOfMsgHdr(header_of(path, subject), true)).sort((one, other) => one - other);
    return found.every(row => row < pane().gDBView.rowCount) && found;
  }, `rows of ${wanted}`);
  if (`${pane().threadTree.selectedIndices}` != `${rows}`) pane().threadTree.selectedIndices = rows;
  const chosen = () => Array.from(pane().gDBView.getSelectedMsgHdrs(), header => header.mime2DecodedSubject);
  const on_show = () => wanted.length > 1 || (shown()?.msgLoaded && shown().gMessage?.mime2DecodedSubject == wanted[0]);
  await until(() => `${chosen().sort()}` == `${wanted.toSorted()}` && on_show(), `${wanted} chosen`);
}

/** Select, and a command of the menu; a folder for those that ask for one. What it takes away is gone from the list in the end. */
async function command(path, subjects, name, target) {
  await select(path, subjects);
  pane().commandController.doCommand(name, target && the_folder(target));
  if (!["cmd_moveMessage", "cmd_deleteMessage", "cmd_shiftDeleteMessage", "cmd_archive"].includes(name)) return;
  await until(() => !messages(path).some(message => subjects.includes(message.subject)), `${subjects} gone`);
}

/** What the message pane shows of it. */
async function read(path, subject) {
  await select(path, subject);
  return {
    subject: shown().document.getElementById("expandedsubjectBox").textContent.trim(),
    from: shown().document.getElementById("expandedfromBox").textContent.trim(),
    text: shown().getMessagePaneBrowser().contentDocument.querySelector(".moz-text-plain, .moz-text-flowed").textContent.trim(),
    attachments: Array.from(shown().currentAttachments ?? [], one => one.name),
  };
}

/** "Save attachment as". */
async function save_attachment(path, subject, name, file) {
  await read(path, subject);
  await shown().currentAttachments.find(one => one.name == name).saveToFile(file);
}

/** Edit > Find > Search messages, with "Run search on server". */
function search(path, attribute, text) {
  const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
  session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, the_folder(path));
  const term = session.createTerm(), value = term.value;
  value.attrib = term.attrib = Ci.nsMsgSearchAttrib[attribute];
  value.str = text;
  term.value = value;
  term.op = Ci.nsMsgSearchOp.Contains;
  term.booleanAnd = true;
  session.appendTerm(term);
  return new Promise(resolve => {
    const found = [];
    session.registerListener({ onNewSearch() {}, onSearchHit: header => found.push(header.mime2DecodedSubject), onSearchDone: () => resolve(found) });
    session.search(window.msgWindow);
  });
}

// ---- writing

async function compose({ from, to, subject, text, file }) {
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  Object.assign(fields, { to, subject });
  const wish = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
  Object.assign(wish, { type: Ci.nsIMsgCompType.New, format: Ci.nsIMsgCompFormat.PlainText, composeFields: fields, identity: account_of(from).defaultIdentity });
  MailServices.compose.OpenComposeWindowWithParams(null, wish);
  const paper = await until(() => { const found = Services.wm.getMostRecentWindow("msgcompose"); return found?.composeEditorReady && found; }, "a window to write in");
  paper.GetCurrentEditor().insertText(text);
  if (file) {
    const attachment = Cc["@mozilla.org/messengercompose/attachment;1"].createInstance(Ci.nsIMsgAttachment);
    attachment.url = Services.io.newFileURI(await IOUtils.getFile(file)).spec;
    await paper.AddAttachments([attachment]);
  }
  return paper;
}

/** Write, and "Send" (or, offline, what "Send" is then: "Send later"). */
async function send(letter) {
  const paper = await compose(letter);
  await paper.SendMessage();
  await until(() => paper.closed, `${letter.subject} on its way`, 60);
}

/** Write, save as a draft twice, and close the window. */
async function draft(letter, more) {
  const paper = await compose(letter);
  const drafts = the_folder([letter.from, "Drafts"]);
  await paper.SaveAsDraft();
  await until(() => Array.from(drafts.messages).some(header => header.mime2DecodedSubject == letter.subject), "the draft kept");
  paper.GetCurrentEditor().insertText(more);
  await paper.SaveAsDraft();
  await until(() => !paper.gSaveOperationInProgress && !paper.gWindowLock, "the draft kept again");
  paper.close();
}

// ---- with and without the network

async function go_offline() {
  window.MailOfflineMgr.toggleOfflineStatus();
  await until(() => Services.io.offline, "being offline");
}

async function go_online() {
  window.MailOfflineMgr.toggleOfflineStatus();
  await until(() => !Services.io.offline, "being online");
}

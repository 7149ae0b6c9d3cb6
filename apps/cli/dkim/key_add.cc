// hikyaku dkim key add
#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"
#include "apps/cli/value.h"

namespace hikyaku::cli {

namespace {

using directory::DkimKey;

constexpr std::uint64_t most_key_octets = 64 << 10;

directory::DirectoryResult<std::vector<DkimKey>> imported(Invocation& call, directory::Editor& editor, const NewKeys& wanted, const std::string& pem) {
  const auto key = dkim::PrivateKey::read(pem);
  if (!key) return directory::refuse(directory::DirectoryFailure::BadValue, "The file of --import cannot be used: " + key.error() + "; give a private key in PEM, without a passphrase.");
  if (wanted.selector.empty()) return directory::refuse(directory::DirectoryFailure::BadValue, "A key that is imported has a record in DNS already; name its selector with --selector.");
  TRY(added, add_private_key(call, editor, *key, {.domain = wanted.domain, .selector = wanted.selector, .takes_over = wanted.takes_over}));
  return std::vector{std::move(added)};
}

void tell(Invocation& call, const std::vector<DkimKey>& made) {
  telemetry::JsonWriter json;
  json.array();
  for (const auto& key : made) {
    if (call.json) write_dkim_key(json, key, call.settings()->signing.keep_record());
    else print_record(call, key);
  }
  if (call.json) return call.print(json.end_array().take());
  if (made.front().takes_over == directory::TakesOver::WhenPublished)
    call.print(call.say({"It signs by itself once DNS shows it; `hikyaku dkim key list` tells how far it is.", "DNS で確認でき次第、自動で署名を始める。状況は hikyaku dkim key list に出る。"}));
  else
    call.print(call.say({"It signs when you say so: hikyaku dkim key activate", "署名を始めるには: hikyaku dkim key activate"}));
}

NewKeys wanted_of(const Invocation& call) {
  NewKeys wanted{.domain = call.value("DOMAIN"), .selector = call.value("--selector")};
  const auto kind = call.value("--algorithm", "both");
  if (kind != "ed25519") wanted.algorithms.push_back(dkim::Algorithm::RsaSha256);
  if (kind != "rsa") wanted.algorithms.push_back(dkim::Algorithm::Ed25519Sha256);
  if (call.has("--manual")) wanted.takes_over = directory::TakesOver::WhenOrdered;
  return wanted;
}

std::string pem_text;  // of --import, read before the data folder's user is taken on: it may be root's file

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  auto wanted = wanted_of(call);
  wanted.bits = static_cast<int>(count_of(call, "--bits", 2'048));
  const auto made = pem_text.empty() ? make_dkim_keys(call, editor, wanted) : imported(call, editor, wanted, pem_text);
  if (!made) return std::unexpected(made.error());
  tell(call, *made);
  return {};
}

Exit run(Invocation& call) {
  if (const auto file = call.value("--import"); !file.empty()) {
    io::PosixDisk disk;
    auto text = io::read_file(disk, file, most_key_octets);
    if (!text) return call.fail(text.error().what);
    pem_text = std::move(*text);
    if (pem_text.empty()) return call.fail(file + " is empty. Remedy: name the file of the private key.");
  }
  return with_directory(call, work);
}

}  // namespace

Command dkim_key_add_command() {
  return {.name = "dkim key add",
          .help = {"make a DKIM key for a domain, or import one", "ドメインの DKIM 鍵を作る、または取り込む"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose mail it signs", "署名するメールのドメイン"}},
                      {"--selector", OptionKind::Value, {"its name in DNS; default: algorithm and day, as in rsa20261122", "DNS での名前。省略時は方式と日付(例: rsa20261122)"}},
                      {"--algorithm", OptionKind::Value, {"rsa, ed25519, or both (default: one key of each)", "rsa、ed25519、または both(既定。両方を作る)"}, {"rsa", "ed25519", "both"}, true},
                      count_option("--bits", 1'024, 4'096, {"of the RSA key, 1024 to 4096 (default 2048)", "RSA 鍵のビット数。1024~4096(既定 2048)"}),
                      {"--import", OptionKind::Value, {"a file with a private key in PEM, instead of a new one", "新しく作らず、PEM の秘密鍵ファイルを取り込む"}},
                      {"--manual", OptionKind::Flag, {"sign only after `dkim key activate`, not by itself once DNS shows the record", "DNS で確認できても自動で始めず、dkim key activate を待つ"}}},
          .run = run,
          .more = {"The private key is readable by the service signer only. Until the record is in DNS nothing changes for the domain's mail.",
                   "秘密鍵を読めるのは signer サービスだけ。レコードが DNS に現れるまで、メールの扱いは変わらない。"}};
}

}  // namespace hikyaku::cli

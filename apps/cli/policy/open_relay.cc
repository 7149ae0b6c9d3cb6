// hikyaku policy relay-test: asks this server, as a stranger would, to pass mail on; sends nothing.
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "io/connection.h"
#include "io/listener.h"
#include "io/loop.h"
#include "protocol/smtp/reply.h"
#include "services/policy/relay_forms.h"
#include "services/settings/listen_address.h"

namespace hikyaku::cli {

namespace {

constexpr Duration patience = 30s;

struct Tried {
  const policy::RelayForm* form;
  std::string reply;  // to RCPT, or the refusal before it
  bool taken = false;
};

// One word and its answer; nothing: the line broke.
Task<std::optional<smtp::Reply>> say(io::Loop& loop, io::Connection& line, smtp::ReplyReader& reader, std::string words) {
  if (!words.empty()) {
    auto writing = line.write(words, loop.after(patience));
    const auto written = co_await std::move(writing);
    if (!written) co_return std::nullopt;
  }
  for (;;) {
    auto reply = reader.next();
    if (!reply) co_return std::nullopt;
    if (*reply) co_return std::move(**reply);
    auto reading = line.read(loop.after(patience));
    const auto got = co_await std::move(reading);
    if (!got) co_return std::nullopt;
    reader.receive(*got);
  }
}

Task<Tried> try_form(io::Loop& loop, const io::SocketAddress& server, const policy::RelayForm& form) {
  Tried tried{&form, "the server did not answer", false};
  auto connecting = io::connect(loop, server, loop.after(patience));
  const auto connected = co_await std::move(connecting);
  if (!connected) co_return tried;
  io::Connection& line = **connected;
  smtp::ReplyReader reader;
  std::vector<std::string> words{"", "EHLO relay-test.invalid\r\n"};
  if (form.after_failed_login) words.emplace_back("AUTH PLAIN AHJlbGF5dGVzdAB3cm9uZw==\r\n");
  words.push_back("MAIL FROM:<" + form.sender + ">\r\n");
  words.push_back("RCPT TO:<" + form.recipient + ">\r\n");
  for (const auto& word : words) {
    auto saying = say(loop, line, reader, word);
    const auto reply = co_await std::move(saying);
    if (!reply) co_return tried;
    tried.reply = reply->line();
    tried.taken = reply->is_positive() && word.starts_with("RCPT");
    if (word.starts_with("MAIL") && !reply->is_positive()) break;
  }
  auto leaving = say(loop, line, reader, "QUIT\r\n");
  (void)co_await std::move(leaving);
  co_return tried;
}

Task<void> try_all(io::Loop& loop, const io::SocketAddress& server, const std::vector<policy::RelayForm>& forms, std::vector<Tried>& results) {
  for (const auto& form : forms) {
    auto trying = try_form(loop, server, form);
    results.push_back(co_await std::move(trying));
  }
  loop.stop();
}

// Where a stranger would come in, as far as this machine reaches it.
std::vector<io::SocketAddress> doors(const settings::Settings& settings) {
  std::vector<io::SocketAddress> all;
  for (const auto& text : settings.listen.smtp()) {
    const auto listen = settings::parse_listen_address(text);
    if (!listen) continue;
    for (const auto* host : {"127.0.0.1", "::1"})
      if (listen->host.empty() || io::IpAddress::parse(listen->host) == io::IpAddress::parse(host)) all.emplace_back(*io::IpAddress::parse(host), listen->port);
    if (const auto ip = io::IpAddress::parse(listen->host); ip && !ip->is_loopback()) all.emplace_back(*ip, listen->port);
  }
  return all;
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto settings = call.settings();
  if (!settings) return directory::refuse(directory::DirectoryFailure::BadValue, "The settings cannot be read.");
  TRY(snapshot, editor.read());
  std::string domain;
  for (const auto& one : snapshot->contents().domains)
    if (domain.empty() && one.kind != directory::DomainKind::Relay) domain = one.name;
  if (domain.empty()) domain = "local.invalid";
  const auto servers = doors(*settings);
  if (servers.empty()) return directory::refuse(directory::DirectoryFailure::NotFound, "No address in [listen] smtp can be reached from here; run the test where strangers come from.");
  Listing listing(call, {{"AT", "接続先"}, {"MAIL FROM", "MAIL FROM"}, {"RCPT TO", "RCPT TO"}, {"ANSWER", "応答"}, {"", ""}});
  std::size_t open = 0, all = 0;
  for (const auto& server : servers) {
    const auto forms = policy::relay_forms({domain, settings->node.hostname(), server.ip().to_string(), call.value("--foreign", "relaytest.invalid")});
    std::vector<Tried> results;
    io::Loop loop;
    loop.spawn(try_all(loop, server, forms, results));
    loop.run();
    for (const auto& one : results) {
      const bool relays = one.taken && !one.form->local;
      open += relays ? 1 : 0, ++all;
      listing.json().object().member("at", server.to_string()).member("sender", one.form->sender).member("recipient", one.form->recipient).member("reply", one.reply).flag("after_failed_login", one.form->after_failed_login).flag("open", relays).end_object();
      if (relays || call.has("--all")) listing.row({server.to_string(), "<" + one.form->sender + ">", "<" + one.form->recipient + ">", one.reply, std::string(call.say(relays ? Words{"OPEN", "中継可能"} : Words{"", ""}))});
    }
  }
  if (open > 0 || call.has("--all") || call.json) listing.print();
  if (!call.json) call.print(std::to_string(all) + std::string(call.say({" forms tried, ", " 通りを試し、中継できたのは "})) + std::to_string(open) + std::string(call.say({" of them open", " 通り"})));
  if (open > 0) return directory::refuse(directory::DirectoryFailure::InUse, "This server passes mail of this machine on; if strangers are like it, take its network out of [smtp] relay_networks.");
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command policy_relay_test_command() {
  return {.name = "policy relay-test",
          .help = {"ask this server in every known way to pass a stranger's mail on; nothing is sent", "見知らぬ相手のメールを中継しないか、既知のあらゆる書き方で試す(送信はしない)"},
          .options = {{"--foreign", OptionKind::Value, {"a domain that is nobody's here", "このサーバのものでないドメイン"}},
                      {"--all", OptionKind::Flag, {"every form and its answer, not only those that are open", "通らなかったものも含めてすべて示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli

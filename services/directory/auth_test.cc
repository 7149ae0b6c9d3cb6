// The auth service and its client over a real socket: what a front sees.
#include <fstream>

#include "protocol/sasl/client_exchange.h"
#include "services/directory/test_auth.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

const PeerContext plain{Protocol::Smtp, TlsState::Plain, "192.0.2.9", ""};

Task<AuthStep> scram(AuthRig& rig, sasl::Mechanism mechanism, std::string user, std::string password, PeerContext peer) {
  sasl::ClientContext context{.user = std::move(user), .password = std::move(password), .client_nonce = "abcdefghijkl"};
  // With it, plain SCRAM would say "y": it was offered and hidden, a downgrade the server refuses (RFC 5802 §6).
  if (mechanism == sasl::Mechanism::ScramSha256Plus) context.channel_binding = sasl::ChannelBinding{.data = peer.channel_binding};
  sasl::ClientExchange talk(mechanism, std::move(context));
  AuthClient::Exchange exchange(*rig.client);
  auto first = *talk.start();
  auto beginning = exchange.begin(std::string(sasl::mechanism_name(mechanism)), first, std::move(peer));
  auto step = co_await std::move(beginning);
  while (auto* challenge = std::get_if<AuthChallenge>(&step)) {
    auto response = talk.respond(challenge->bytes);
    if (!response) co_return AuthFailure{};
    auto stepping = exchange.step(*response);
    step = co_await std::move(stepping);
  }
  co_return step;
}

bool succeeded(const AuthStep& step, AccountId id) {
  const auto* success = std::get_if<AuthSuccess>(&step);
  return success && success->account == id && success->address == "ann@a.example";
}
bool failed(const AuthStep& step, AuthFailure::Why why = AuthFailure::Why::Credentials) {
  const auto* failure = std::get_if<AuthFailure>(&step);
  return failure && failure->why == why;
}

Task<void> addresses(AuthRig& rig) {
  const auto resolve = [&](std::string_view address) { return rig.client->resolve_recipient(at(address)); };
  auto asking = resolve("ann@a.example");
  auto answer = co_await std::move(asking);
  CHECK(std::get<RecipientAnswer>(answer).kind == RecipientKind::Local);
  asking = resolve("nobody@a.example");
  answer = co_await std::move(asking);
  CHECK(std::get<RecipientAnswer>(answer).kind == RecipientKind::UnknownUser);
  auto sending = rig.client->may_send_as(rig.ann, {at("ann@a.example")}, WallTime{});
  auto may = co_await std::move(sending);
  CHECK(std::get<SendRight>(may) == SendRight::Yes);
  sending = rig.client->may_send_as(rig.ann, {at("bob@a.example")}, WallTime{});
  may = co_await std::move(sending);
  CHECK(std::get<SendRight>(may) == SendRight::No);
  auto rights = rig.client->rights(over_tls);
  auto given = co_await std::move(rights);
  CHECK(std::get<PeerRights>(given).mechanisms == std::vector<std::string>{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"});
  CHECK(!std::get<PeerRights>(given).may_relay);
  rights = rig.client->rights(plain);
  given = co_await std::move(rights);
  CHECK(std::get<PeerRights>(given).mechanisms == std::vector<std::string>{"SCRAM-SHA-256"});
}

Task<RecipientKind> kind_of(AuthClient& client, std::string_view address) {
  auto asking = client.resolve_recipient(at(address));
  auto answer = co_await std::move(asking);
  co_return std::get<RecipientAnswer>(answer).kind;
}

// What a front remembers counts as long as auth acts on the same version, and not one question longer.
Task<void> removals(AuthRig& rig) {
  AuthClient forgetful(rig.loop, rig.path, 10s);
  for (int i = 0; i < 3; ++i) {
    auto asking = kind_of(*rig.client, "ann@a.example");
    const auto kind = co_await std::move(asking);
    CHECK(kind == RecipientKind::Local);
    auto sending = rig.client->may_send_as(rig.ann, {at("ann@a.example")}, WallTime{});
    const auto may = co_await std::move(sending);
    CHECK(std::get<SendRight>(may) == SendRight::Yes);
  }
  CHECK(rig.requests == 2);
  for (int i = 0; i < 3; ++i) {
    auto asking = kind_of(forgetful, "ann@a.example");
    const auto kind = co_await std::move(asking);
    CHECK(kind == RecipientKind::Local);
  }
  CHECK(rig.requests == 5);
  for (int round = 0; round < 5; ++round) {
    auto ann = *rig.snapshot()->account(rig.ann);
    for (const auto enabled : {Enabled::No, Enabled::Yes}) {
      ann.enabled = enabled;
      REQUIRE(rig.editor.change_account(ann));
      CHECK(rig.page->wait_until_seen(rig.snapshot()->version(), rig.loop.after(5s)).empty());  // as a command does
      auto asking = kind_of(*rig.client, "ann@a.example");
      const auto kind = co_await std::move(asking);
      CHECK((kind == RecipientKind::Local) == (enabled == Enabled::Yes));
      auto sending = rig.client->may_send_as(rig.ann, {at("ann@a.example")}, WallTime{});
      const auto may = co_await std::move(sending);
      CHECK((std::get<SendRight>(may) == SendRight::Yes) == (enabled == Enabled::Yes));
    }
  }
}

Task<void> logins(AuthRig& rig) {
  auto logging_in = rig.client->login("Ann@A.Example", "right horse", over_tls);
  auto step = co_await std::move(logging_in);
  CHECK(succeeded(step, rig.ann));
  logging_in = rig.client->login("ann", "right horse", over_tls);
  step = co_await std::move(logging_in);
  CHECK(succeeded(step, rig.ann));
  for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{
           {"ann@a.example", "wrong"}, {"ann@a.example", ""}, {"", "right horse"}, {"nobody@a.example", "right horse"}, {"ann@b.example", "right horse"}}) {
    logging_in = rig.client->login(user, password, over_tls);
    step = co_await std::move(logging_in);
    CHECK_MESSAGE(failed(step), user);
  }
  logging_in = rig.client->login("ann@a.example", "right horse", plain);
  step = co_await std::move(logging_in);
  CHECK(failed(step, AuthFailure::Why::TlsRequired));
  AuthClient::Exchange exchange(*rig.client);
  auto beginning = exchange.begin("PLAIN", std::string("\0ann@a.example\0right horse", 26), over_tls);
  step = co_await std::move(beginning);
  CHECK(succeeded(step, rig.ann));
  beginning = exchange.begin("PLAIN", std::string("bob@a.example\0ann@a.example\0right horse", 39), over_tls);
  step = co_await std::move(beginning);
  CHECK(failed(step, AuthFailure::Why::OtherIdentity));  // nobody acts as somebody else
  beginning = exchange.begin("PLAIN", std::string("bob@a.example\0ann@a.example\0wrong horse", 39), over_tls);
  step = co_await std::move(beginning);
  CHECK(failed(step));  // and who does not know the password learns nothing
  for (const auto& oneself : {std::string("ann@a.example"), std::string("ANN@A.EXAMPLE"), std::string("ann")}) {
    beginning = exchange.begin("PLAIN", oneself + std::string("\0ann@a.example\0right horse", 26), over_tls);
    step = co_await std::move(beginning);
    CHECK_MESSAGE(succeeded(step, rig.ann), oneself);
  }
  beginning = exchange.begin("PLAIN", std::nullopt, plain);
  step = co_await std::move(beginning);
  CHECK(failed(step, AuthFailure::Why::TlsRequired));
  beginning = exchange.begin("CRAM-MD5", std::nullopt, over_tls);
  step = co_await std::move(beginning);
  CHECK(failed(step, AuthFailure::Why::MechanismNotOffered));
  beginning = exchange.begin("SCRAM-SHA-256-PLUS", "x", plain);
  step = co_await std::move(beginning);
  CHECK(failed(step, AuthFailure::Why::MechanismNotOffered));
  beginning = exchange.begin("PLAIN", "no NUL at all", over_tls);
  step = co_await std::move(beginning);
  CHECK(failed(step, AuthFailure::Why::Malformed));
  auto stepping = exchange.step("nothing is under way");
  step = co_await std::move(stepping);
  CHECK(std::holds_alternative<TemporaryFailure>(step));
  for (const auto mechanism : {sasl::Mechanism::Login, sasl::Mechanism::ScramSha256, sasl::Mechanism::ScramSha256Plus}) {
    auto talking = scram(rig, mechanism, "ann@a.example", "right horse", over_tls);
    step = co_await std::move(talking);
    CHECK_MESSAGE(succeeded(step, rig.ann), sasl::mechanism_name(mechanism));
    talking = scram(rig, mechanism, "ann@a.example", "wrong horse", over_tls);
    step = co_await std::move(talking);
    CHECK_MESSAGE(failed(step), sasl::mechanism_name(mechanism));
    talking = scram(rig, mechanism, "nobody@a.example", "right horse", over_tls);
    step = co_await std::move(talking);
    CHECK_MESSAGE(failed(step), sasl::mechanism_name(mechanism));
  }
}

Task<std::string> server_first(AuthRig& rig, std::string user) {
  AuthClient::Exchange exchange(*rig.client);
  auto beginning = exchange.begin("SCRAM-SHA-256", "n,,n=" + user + ",r=abc", over_tls);
  auto step = co_await std::move(beginning);
  const auto* challenge = std::get_if<AuthChallenge>(&step);
  const auto salt = challenge ? challenge->bytes.find(",s=") : std::string::npos;
  co_return salt == std::string::npos ? "" : challenge->bytes.substr(salt);
}

Task<void> fake_salts(AuthRig& rig) {
  auto asking = server_first(rig, "nobody@a.example");
  const auto one = co_await std::move(asking);
  asking = server_first(rig, "NOBODY@a.example");
  const auto again = co_await std::move(asking);
  asking = server_first(rig, "somebody@a.example");
  const auto other = co_await std::move(asking);
  asking = server_first(rig, "ann@a.example");
  const auto real = co_await std::move(asking);
  CHECK(!one.empty());
  CHECK(one == again);
  CHECK(one != other);
  CHECK(one.size() == real.size());
}

Task<void> disabled_account(AuthRig& rig) {
  auto logging_in = rig.client->login("ann@a.example", "right horse", over_tls);
  auto step = co_await std::move(logging_in);
  CHECK(failed(step));
  auto pop3 = over_tls;
  pop3.protocol = Protocol::Pop3;
  logging_in = rig.client->login("bob@a.example", "bob's", pop3);
  step = co_await std::move(logging_in);
  CHECK(failed(step));
  logging_in = rig.client->login("bob@a.example", "bob's", over_tls);
  step = co_await std::move(logging_in);
  CHECK(std::holds_alternative<AuthSuccess>(step));
}

Task<void> imported(AuthRig& rig) {
  auto asking = rig.client->rights(over_tls);
  auto rights = co_await std::move(asking);
  CHECK(std::get<PeerRights>(rights).mechanisms == std::vector<std::string>{"PLAIN", "LOGIN"});
  auto logging_in = rig.client->login("old@a.example", "pass word", over_tls);
  auto step = co_await std::move(logging_in);
  CHECK(std::holds_alternative<AuthSuccess>(step));
  for (int i = 0; i < 100 && std::get<PeerRights>(rights).mechanisms.size() == 2; ++i) {
    auto sleep = rig.loop.sleep_until(rig.loop.after(50ms));
    (void)co_await sleep;
    asking = rig.client->rights(over_tls);
    rights = co_await std::move(asking);
  }
  CHECK(std::get<PeerRights>(rights).mechanisms.size() == 4);  // the login gave the last account its keys
}

Task<void> slow(AuthRig& rig) {
  const auto start = rig.loop.now();
  for (int i = 0; i < 6; ++i) {  // another guess each
    auto logging_in = rig.client->login("ann@a.example", "wrong " + std::to_string(i), over_tls);
    auto step = co_await std::move(logging_in);
    CHECK(failed(step));
  }
  CHECK(rig.loop.now() - start > 1s);
}

Task<void> absent(AuthRig& rig) {
  AuthClient nobody(rig.loop, rig.folder / "no-such.sock", 200ms);
  auto asking = nobody.resolve_recipient(at("ann@a.example"));
  auto answer = co_await std::move(asking);
  CHECK(std::holds_alternative<TemporaryFailure>(answer));
  auto logging_in = nobody.login("ann@a.example", "x", over_tls);
  auto step = co_await std::move(logging_in);
  CHECK(std::holds_alternative<TemporaryFailure>(step));
}

Task<std::string> ticket_of(AuthRig& rig, Protocol protocol) {
  auto logging_in = rig.client->login("ann@a.example", "right horse", {protocol, TlsState::Tls, "192.0.2.9", ""});
  auto step = co_await std::move(logging_in);
  const auto* success = std::get_if<AuthSuccess>(&step);
  REQUIRE(success);
  co_return success->ticket;
}

Task<void> tickets(AuthRig& rig) {
  for (const auto protocol : {Protocol::Imap, Protocol::Pop3}) {
    auto asking = ticket_of(rig, protocol);
    const auto ticket = co_await std::move(asking);
    auto redeeming = rig.client->redeem(ticket, protocol);
    auto answer = co_await std::move(redeeming);
    const auto* vouched = std::get_if<std::optional<Vouched>>(&answer);
    REQUIRE((vouched && *vouched));
    CHECK((*vouched)->account == rig.ann);
    CHECK((*vouched)->address == "ann@a.example");
    CHECK((*vouched)->client_address == "192.0.2.9");
    redeeming = rig.client->redeem(ticket, protocol);  // again
    answer = co_await std::move(redeeming);
    CHECK(!std::get<std::optional<Vouched>>(answer));
    asking = ticket_of(rig, protocol);
    const auto other = co_await std::move(asking);
    redeeming = rig.client->redeem(other, protocol == Protocol::Imap ? Protocol::Pop3 : Protocol::Imap);
    answer = co_await std::move(redeeming);
    CHECK(!std::get<std::optional<Vouched>>(answer));
  }
  auto talking = scram(rig, sasl::Mechanism::ScramSha256, "ann@a.example", "right horse", over_tls);
  auto step = co_await std::move(talking);
  CHECK(std::get<AuthSuccess>(step).ticket.size() == LoginTickets::ticket_octets);
  auto asking = ticket_of(rig, Protocol::Smtp);  // who only sends mail is never handed over
  const auto none = co_await std::move(asking);
  CHECK(none.empty());
}

// Between login and hand-over: the account is closed; auth is started again.
Task<void> tickets_of_yesterday(AuthRig& rig) {
  auto asking = ticket_of(rig, Protocol::Imap);
  const auto first = co_await std::move(asking);
  asking = ticket_of(rig, Protocol::Imap);
  const auto second = co_await std::move(asking);
  const auto before = rig.reader->newest()->version();
  auto ann = *rig.snapshot()->account(rig.ann);
  ann.imap = Enabled::No;
  REQUIRE(rig.editor.change_account(ann));
  while (rig.reader->newest()->version() == before) {
    auto sleep = rig.loop.sleep_until(rig.loop.after(10ms));
    (void)co_await sleep;
  }
  auto redeeming = rig.client->redeem(first, Protocol::Imap);
  auto answer = co_await std::move(redeeming);
  CHECK(!std::get<std::optional<Vouched>>(answer));
  ann.imap = Enabled::Yes;
  REQUIRE(rig.editor.change_account(ann));
  const auto settings = AuthOptions{.guard = {.slow_failures = SlowFailures::No}};
  AuthService successor(rig.loop, rig.workers, *rig.reader, Secrets(rig.secrets_engine), settings);
  auto asking_successor = successor.answer({auth_protocol::encode(auth_protocol::RedeemRequest{second, Protocol::Imap}), {}}, {});
  const auto reply = co_await std::move(asking_successor);
  CHECK(std::holds_alternative<auth_protocol::TicketRefusedReply>(*auth_protocol::decode_reply(reply.octets)));
}

Task<RecipientAnswer> answer_for(AuthRig& rig, std::string_view address) {
  auto asking = rig.client->resolve_recipient(at(address));
  auto answer = co_await std::move(asking);
  co_return std::get<RecipientAnswer>(answer);
}

// auth knows the limits, and learns what is used from the page alone.
Task<void> quotas(AuthRig& rig) {
  std::string why;
  const auto quota_page = QuotaPage::open(rig.folder / "quota-used", why);
  REQUIRE_MESSAGE(quota_page, why);
  struct Row { QuotaUsed used; RecipientKind kind; std::uint64_t room; };
  for (const auto& row : {Row{{999, 4}, RecipientKind::Local, 1}, Row{{1'000, 4}, RecipientKind::OverQuota, 0}, Row{{7'000, 4}, RecipientKind::OverQuota, 0},
                          Row{{0, 5}, RecipientKind::OverQuota, 1'000}, Row{{0, 0}, RecipientKind::Local, 1'000}}) {
    REQUIRE(quota_page->publish(rig.ann, row.used));
    quota_page->beat(rig.loop.now());
    rig.client = std::make_unique<AuthClient>(rig.loop, rig.path, 10s);  // remembers nothing
    for (const auto* one : {"ann@a.example", "alias@a.example"}) {
      auto asking = answer_for(rig, one);
      const auto answer = co_await std::move(asking);
      CHECK(answer.kind == row.kind);
      CHECK(answer.room_octets == row.room);
    }
    auto asking = answer_for(rig, "several@a.example");
    const auto several = co_await std::move(asking);
    CHECK(several.kind == RecipientKind::Local);
    CHECK(several.room_octets == ~0ULL);
  }
  REQUIRE(quota_page->publish(rig.ann, {7'000, 9}));
  quota_page->beat(rig.loop.now() - QuotaPage::heartbeat_limit - 1s);  // deliver does not live any more
  auto asking = answer_for(rig, "ann@a.example");
  const auto answer = co_await std::move(asking);
  CHECK(answer.kind == RecipientKind::Local);
}

// An answer for one sender is not another's, however soon they ask.
Task<void> lists_and_bounces(AuthRig& rig) {
  struct Row { std::string_view to, sender; AccountId account; std::string_view client; RecipientKind kind; };
  const auto rewritten = srs::rewrite({"x", "far.example"}, "a.example", *rig.srs.current(), SystemClock{}.wall())->text();
  const auto old = srs::rewrite({"x", "far.example"}, "a.example", *rig.srs.current(), SystemClock{}.wall() - std::chrono::days{30})->text();
  for (const auto& row : {Row{"staff@a.example", "ann@a.example", rig.ann, "203.0.113.1", RecipientKind::Local},
                          Row{"staff@a.example", "ann@a.example", {}, "203.0.113.1", RecipientKind::MayNotPost},
                          Row{"staff@a.example", "ann@a.example", {}, "192.0.2.9", RecipientKind::Local},
                          Row{"staff@a.example", "m@far.example", {}, "203.0.113.1", RecipientKind::Local},
                          Row{"staff@a.example", "x@far.example", {}, "203.0.113.1", RecipientKind::MayNotPost},
                          Row{"both@a.example", "x@far.example", {}, "203.0.113.1", RecipientKind::Local},
                          Row{"staff-owner@a.example", "x@far.example", {}, "203.0.113.1", RecipientKind::Local},
                          Row{rewritten, "x@far.example", {}, "203.0.113.1", RecipientKind::Local}, Row{old, "x@far.example", {}, "", RecipientKind::UnknownUser},
                          Row{"SRS0=aaaaaa=aa=far.example=x@a.example", "x@far.example", {}, "", RecipientKind::UnknownUser},
                          Row{"SRS0=aaaaaa=aa=far.example=x@other.example", "x@far.example", {}, "", RecipientKind::NotOurs}}) {
    CAPTURE(std::string(row.to));
    auto asking = rig.client->resolve_recipient(at(row.to), {at(row.sender)}, row.account, std::string(row.client));
    const auto answer = co_await std::move(asking);
    CHECK(std::get<RecipientAnswer>(answer).kind == row.kind);
    CHECK(std::get<RecipientAnswer>(answer).held.empty() == (row.kind != RecipientKind::MayNotPost));
  }
}

}  // namespace

TEST_CASE("fronts learn of recipients, senders and rights") { AuthRig().run({at_once}, addresses); }
TEST_CASE("fronts learn who may post, and whose bounce it is") {
  AuthRig rig;
  MailingList list;
  list.address = "staff@a.example";
  REQUIRE(rig.editor.add_list(list));
  REQUIRE(rig.editor.add_members(list.address, {"ann@a.example", "m@far.example"}));
  rig.alias("both@a.example", {"staff@a.example", "ann@a.example"});
  rig.alias("*@a.example", {"ann@a.example"});
  REQUIRE(rig.srs.prepare(rig.loop.after(5s)));
  rig.run({.guard = at_once, .relay_networks = {*io::IpNetwork::parse("192.0.2.0/24")}, .srs = &rig.srs}, lists_and_bounces);
}
TEST_CASE("fronts learn that a mailbox is full") {
  AuthRig rig;
  auto ann = *rig.snapshot()->account(rig.ann);
  ann.quota_octets = 1'000;
  ann.quota_messages = 5;
  REQUIRE(rig.editor.change_account(ann));
  rig.alias("alias@a.example", {"ann@a.example"});
  rig.add("bob@a.example");
  rig.alias("several@a.example", {"ann@a.example", "bob@a.example"});
  AuthOptions options{at_once};
  options.quota_page = rig.folder / "quota-used";
  rig.run(std::move(options), quotas);
}
TEST_CASE("what a front remembers ends with auth's version") { AuthRig().run({at_once}, removals); }

TEST_CASE("auth's version is read from the page; nothing where there is none, or two that differ") {
  io::TestFolder folder;
  SeenVersion seen(folder / "page", "auth");
  CHECK(!seen.read());
  std::ofstream(folder / "page") << "short";
  CHECK(!seen.read());
  std::string trouble;
  const auto page = SeenPage::open(folder / "page", trouble);
  REQUIRE(page);
  const std::string zeros(4096, '\0');
  std::ofstream(folder / "page") << zeros;
  CHECK(!seen.read());
  SeenPage::Slot deliver(page, "deliver");
  deliver.publish(storage::Version{9});
  CHECK(!seen.read());
  {
    SeenPage::Slot auth(page, "auth");
    auth.publish(storage::Version{7});
    CHECK(seen.read() == storage::Version{7});
    SeenPage::Slot other(page, "auth");
    CHECK(!seen.read());
    other.publish(storage::Version{7});
    CHECK(seen.read() == storage::Version{7});
    other.publish(storage::Version{8});
    CHECK(!seen.read());
  }
  CHECK(!seen.read());
}

TEST_CASE("logins by every mechanism, and every way they fail") { AuthRig().run({at_once}, logins); }
TEST_CASE("an unknown user's salt is steady and looks real") { AuthRig().run({at_once}, fake_salts); }
TEST_CASE("without auth everything is a temporary failure") { AuthRig().run({at_once}, absent); }
TEST_CASE("a login's ticket proves it once, by its own protocol") { AuthRig().run({at_once}, tickets); }
TEST_CASE("a ticket outlives neither the right to log in nor auth") { AuthRig().run({at_once}, tickets_of_yesterday); }
TEST_CASE("wrong passwords are answered ever more slowly") { AuthRig().run({}, slow); }

TEST_CASE("a disabled account or protocol looks like a wrong password") {
  AuthRig rig;
  auto ann = *rig.snapshot()->account(rig.ann);
  ann.enabled = Enabled::No;
  REQUIRE(rig.editor.change_account(ann));
  Account bob;
  bob.address = at("bob@a.example");
  bob.pop3 = Enabled::No;
  REQUIRE(rig.editor.add_account(bob, "bob's"));
  rig.run({at_once}, disabled_account);
}

TEST_CASE("an account without a password takes SCRAM from nobody") {
  AuthRig rig;
  REQUIRE(rig.editor.add_account({.address = at("later@a.example")}, std::nullopt));
  rig.run({}, [](AuthRig& r) -> Task<void> {
    auto asking = r.client->rights(over_tls);
    const auto rights = co_await std::move(asking);
    CHECK(std::get<PeerRights>(rights).mechanisms.size() == 4);
  });
}

TEST_CASE("SCRAM is announced only when the last imported password has been upgraded") {
  AuthRig rig;
  Account old;
  old.address = at("old@a.example");
  // "pass word" under md5-crypt
  REQUIRE(rig.editor.add_account_with_hash(old, "$1$saltsalt$1K7dkhtbTNVUwUicA5kOT1"));
  rig.run({at_once}, [](AuthRig& r) -> Task<void> {
    r.loop.spawn(r.service->follow_secrets());
    auto script = imported(r);
    co_await std::move(script);
  });
}

// Signer, its client and the signing of copies over a real socket; verified by our own engine.
#include "services/signing/outgoing.h"

#include <filesystem>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "protocol/arc/chain.h"
#include "protocol/dkim/verification.h"
#include "services/directory/test_directory.h"
#include "services/signing/published.h"
#include "services/signing/sign_service.h"

namespace hikyaku::signing {
namespace {

using State = SignedCopy::State;
constexpr std::string_view own_text = "From: ann@a.example\r\nSubject: hello\r\n\r\nHow are you?\r\n";
constexpr auto server_name = "mx.a.example";

struct Rig : directory::DirectoryRig {
  io::TestFolder folder;
  io::PosixDisk disk;
  SystemClock clock;
  telemetry::Log& log = telemetry::discarding_log();
  KeyStore store{disk, folder / "keys"};
  io::Workers workers{2, 64};
  io::Loop loop{{.longest_step = 10s}};
  std::string path = folder / "signer.sock";
  std::unique_ptr<SignService> service;
  std::unique_ptr<io::ChannelServer> server;
  SignerClient client{loop, path, 300ms};
  OutgoingSigner signer{loop, client, log, clock};
  int requests = 0, reads = 0;
  Envelope envelope;
  std::string text{own_text};

  Rig() {
    domain("a.example");
    envelope.id = TraceId{1, 1, 0, 1};
    envelope.account = "ann@a.example";
    envelope.reverse_path = ReversePath{directory::at("ann@a.example")};
  }
  std::string add_key(std::string selector, dkim::Algorithm algorithm = dkim::Algorithm::Ed25519Sha256) {
    const auto key = dkim::PrivateKey::generate(algorithm);
    const auto name = *store.add(key, "a key");
    REQUIRE(editor.add_dkim_key({.domain = "a.example", .selector = selector, .algorithm = algorithm, .name = name, .public_octets = key.public_octets()}));
    REQUIRE(editor.activate_dkim_key("a.example", selector, WallTime{1s}));
    return name;
  }
  void serve() {
    service = std::make_unique<SignService>(loop, workers, store, log);
    auto* answering = service.get();
    server = std::make_unique<io::ChannelServer>(loop, *io::listen_on(io::SocketAddress::unix_path(path)),
        [answering, this](io::Message request, io::PeerProcess peer) { return ++requests, answering->answer(std::move(request), peer); });
    loop.spawn(server->serve());
  }
  Task<bool> feed(dkim::Message& message) {
    ++reads;
    message.feed(text);
    message.end();
    co_return true;
  }
  Task<SignedCopy> sign() {
    const OutgoingSigner::Feed feeding = [this](dkim::Message& message) { return feed(message); };
    const std::vector<io::IpNetwork> none;
    auto signing = signer.sign(snapshot(), envelope, none, server_name, feeding);
    auto copy = co_await std::move(signing);
    co_return copy;
  }
  // "ed good, rsa good"
  std::string judged(const std::string& fields) {
    dkim::Message message;
    message.feed(fields);
    message.feed(text);
    message.end();
    dkim::Verification verification(message, {});
    for (const auto& key : snapshot()->dkim_keys("a.example")) verification.answer(record_name(key), {dkim::KeyAnswer::Kind::Records, {record_text(key)}});
    std::string all;
    for (const auto& one : verification.results()) all += (all.empty() ? "" : ", ") + one.selector + (one.outcome == dkim::Outcome::Pass ? " good" : " " + one.reason);
    return all;
  }
};

Task<void> both_algorithms(Rig& rig) {
  auto first = rig.sign();
  const auto unsigned_copy = co_await std::move(first);
  CHECK((unsigned_copy.state == State::Ready && unsigned_copy.fields.empty()));
  CHECK(rig.reads == 0);  // without a key nothing is read
  rig.add_key("ed");
  rig.add_key("rsa", dkim::Algorithm::RsaSha256);
  auto second = rig.sign();
  const auto copy = co_await std::move(second);
  CHECK(copy.state == State::Ready);
  CHECK(rig.judged(copy.fields) == "ed good, rsa good");
  CHECK(rig.requests == 1);
  for (const auto algorithm : all_algorithms) {
    const auto& made = rig.service->counts().of(algorithm, SignField::DkimSignature);
    CHECK((made.count == 1 && made.microseconds > 0));
  }
  // Another destination, a retry: made once.
  auto third = rig.sign();
  const auto again = co_await std::move(third);
  CHECK(again.fields == copy.fields);
  CHECK((rig.requests == 1 && rig.reads == 1));
  // Keys that changed count at once.
  rig.add_key("new");
  auto fourth = rig.sign();
  const auto changed = co_await std::move(fourth);
  CHECK(rig.judged(changed.fields) == "new good, rsa good");
  // Two at once.
  rig.envelope.id.sequence = 2;
  auto one = rig.sign(), other = rig.sign();
  const auto of_one = co_await std::move(one);
  const auto of_other = co_await std::move(other);
  CHECK(of_one.fields == of_other.fields);
  CHECK(rig.reads == 3);
}

TEST_CASE("a copy is signed by each active key, and once") {
  Rig rig;
  rig.serve();
  io::run_to_end(rig.loop, both_algorithms(rig));
}

Task<void> away_and_back(Rig& rig) {
  auto first = rig.sign();
  const auto away = co_await std::move(first);
  CHECK(away.state == State::Away);
  const auto since = rig.signer.away_since();
  CHECK(since);
  CHECK(rig.signer.pause_of_retries(*since + 1s) == 15s);
  CHECK(rig.signer.pause_of_retries(*since + 90s) == 90s);
  CHECK(rig.signer.pause_of_retries(*since + 24h) == 10min);
  CHECK_FALSE(rig.signer.came_back());
  rig.serve();
  auto second = rig.sign();
  const auto copy = co_await std::move(second);
  CHECK(rig.judged(copy.fields) == "ed good");
  CHECK_FALSE(rig.signer.away_since());
  CHECK(rig.signer.pause_of_retries(*since + 24h) == 15s);
  CHECK(rig.signer.came_back());
  CHECK_FALSE(rig.signer.came_back());
}

TEST_CASE("while signer is away nothing is called unsigned") {
  Rig rig;
  rig.add_key("ed");
  io::run_to_end(rig.loop, away_and_back(rig));
}

struct Letter {
  Envelope envelope;
  std::string text;
  int reads = 0;

  Letter(const Rig& rig, std::uint64_t number, std::string_view domain) : envelope(rig.envelope) {
    envelope.id.sequence = number;
    envelope.account = "ann@" + std::string(domain);
    envelope.reverse_path = ReversePath{directory::at(envelope.account)};
    text = "From: " + envelope.account + "\r\n\r\nHow are you?\r\n";
  }
  Task<bool> feed(dkim::Message& message) {
    ++reads;
    message.feed(text);
    message.end();
    co_return true;
  }
};

Task<void> sign(Rig& rig, Letter& letter, std::optional<SignedCopy>& copy) {
  const OutgoingSigner::Feed feeding = [&letter](dkim::Message& message) { return letter.feed(message); };
  const std::vector<io::IpNetwork> none;
  auto signing = rig.signer.sign(rig.snapshot(), letter.envelope, none, server_name, feeding);
  copy = co_await std::move(signing);
}

Task<void> others_go_on(Rig& rig) {
  auto first = rig.sign();
  (void)co_await std::move(first);  // from now on it is known to be away
  Letter asks(rig, 2, "a.example"), needs_none(rig, 3, "b.example"), needs(rig, 4, "a.example");
  std::optional<SignedCopy> asked, free, waits, again;
  rig.loop.spawn(sign(rig, asks, asked));
  while (!rig.client.somebody_asks()) co_await rig.loop.yield();
  auto second = sign(rig, needs_none, free);
  co_await std::move(second);
  auto third = sign(rig, needs, waits);
  co_await std::move(third);
  auto fourth = sign(rig, needs, again);
  co_await std::move(fourth);
  CHECK_FALSE(asked);
  CHECK((free->state == State::Ready && free->fields.empty()));
  CHECK((waits->state == State::Away && again->state == State::Away));
  CHECK(needs.reads == 1);
  while (!asked) co_await rig.loop.yield();
  CHECK(asked->state == State::Away);
}

TEST_CASE("while signer is away who needs no signature does not wait for it") {
  Rig rig;
  rig.add_key("ed");
  rig.domain("b.example");
  io::run_to_end(rig.loop, others_go_on(rig));
}

Task<void> missing_key(Rig& rig, std::string name) {
  auto first = rig.sign();
  const auto good = co_await std::move(first);
  CHECK(rig.judged(good.fields) == "ed good");
  REQUIRE(rig.store.remove(name));
  rig.service = std::make_unique<SignService>(rig.loop, rig.workers, rig.store, rig.log);  // that knows no key
  rig.envelope.id.sequence = 2;
  auto second = rig.sign();
  const auto none = co_await std::move(second);
  CHECK((none.state == State::NoKey && none.domain == "a.example"));
  CHECK(rig.service->counts().of(SignFailure::NoSuchKey) == 1);
  CHECK(!rig.signer.came_back());  // nobody was away
  rig.add_key("other", dkim::Algorithm::RsaSha256);
  auto third = rig.sign();
  const auto by_other = co_await std::move(third);
  CHECK(rig.judged(by_other.fields) == "other good");
  // Not kept: the next copy has both, should the key be back.
  const int reads = rig.reads;
  auto fourth = rig.sign();
  const auto again = co_await std::move(fourth);
  CHECK(rig.judged(again.fields) == "other good");
  CHECK(rig.reads == reads + 1);
}

TEST_CASE("a private key that is gone is no reason to send unsigned, another one signs") {
  Rig rig;
  const auto name = rig.add_key("ed");
  rig.service = std::make_unique<SignService>(rig.loop, rig.workers, rig.store, rig.log);
  rig.server = std::make_unique<io::ChannelServer>(rig.loop, *io::listen_on(io::SocketAddress::unix_path(rig.path)),
      [&rig](io::Message request, io::PeerProcess peer) { return rig.service->answer(std::move(request), peer); });
  rig.loop.spawn(rig.server->serve());
  io::run_to_end(rig.loop, missing_key(rig, name));
}

Task<void> not_understood(Rig& rig) {
  auto answering = rig.service->answer({"nonsense", {}}, {});
  const auto reply = co_await std::move(answering);
  CHECK(decode_sign_reply(reply.octets) == SignReply{});
  CHECK(rig.service->counts().of(SignFailure::NotUnderstood) == 1);
}

TEST_CASE("a request that is not understood gets an empty reply") {
  Rig rig;
  rig.serve();
  io::run_to_end(rig.loop, not_understood(rig));
}

// ---- ARC ---------------------------------------------------------------------------------------------------------------

struct SealRig : Rig {
  // What somebody else wrote, on its way to somebody else under a sender of ours.
  SealRig() {
    envelope.account.clear();
    envelope.client_address = "203.0.113.9";
    envelope.reverse_path = ReversePath{directory::at("SRS0=hash=aa=far.example=zoe@a.example")};
    add_key("rsa", dkim::Algorithm::RsaSha256);
    text = came_with("arc=none");
    serve();
  }
  static std::string came_with(std::string_view arc, std::string_view more = {}) {
    return "Authentication-Results: mx.a.example; spf=pass smtp.mailfrom=far.example;\r\n\tdkim=pass header.d=far.example; " + std::string(arc) + "\r\n" + std::string(more) +
           "From: zoe@far.example\r\nSubject: hello\r\n\r\nHow are you?\r\n";
  }
  arc::Verdict chain_of(const std::string& mail) {
    dkim::Message message;
    message.feed(mail);
    message.end();
    arc::Verification verification(message);
    for (const auto& key : snapshot()->dkim_keys("a.example")) verification.answer(record_name(key), {dkim::KeyAnswer::Kind::Records, {record_text(key)}});
    return verification.verdict();
  }
};

Task<void> sealed_twice(SealRig& rig) {
  auto first = rig.sign();
  const auto copy = co_await std::move(first);
  CHECK(copy.fields.starts_with("ARC-Seal: "));
  CHECK(copy.fields.find("ARC-Authentication-Results: i=1; mx.a.example;\r\n\tspf=pass smtp.mailfrom=far.example;\r\n\tdkim=pass header.d=far.example; arc=none\r\n") != std::string::npos);
  CHECK(copy.fields.find("\nDKIM-Signature:") == std::string::npos);  // their words are not ours
  auto verdict = rig.chain_of(copy.fields + rig.text);
  CHECK((verdict.status == arc::Status::Pass && verdict.highest == 1 && verdict.sealers == std::vector<std::string>{"a.example"}));
  const auto& counts = rig.service->counts();
  for (const auto field : {SignField::ArcMessageSignature, SignField::ArcSeal}) CHECK(counts.of(dkim::Algorithm::RsaSha256, field).count == 1);
  CHECK(counts.of(dkim::Algorithm::RsaSha256, SignField::DkimSignature).count == 0);
  auto second = rig.sign();
  const auto again = co_await std::move(second);
  CHECK((again.fields == copy.fields && rig.reads == 1 && rig.requests == 2));
  // It comes back, was judged, and goes on: one more set.
  rig.text = rig.came_with("arc=pass", copy.fields);
  rig.envelope.id.sequence = 2;
  auto third = rig.sign();
  const auto next = co_await std::move(third);
  verdict = rig.chain_of(next.fields + rig.text);
  CHECK((verdict.status == arc::Status::Pass && verdict.highest == 2));
  // What had failed stays failed, and is said to be.
  rig.text = rig.came_with("arc=fail", copy.fields);
  rig.envelope.id.sequence = 3;
  auto fourth = rig.sign();
  const auto failed = co_await std::move(fourth);
  CHECK(failed.fields.find("cv=fail") != std::string::npos);
  verdict = rig.chain_of(failed.fields + rig.text);
  CHECK((verdict.status == arc::Status::Fail && verdict.ended));
}

TEST_CASE("what others wrote is sealed with what was found out when it came, not signed") {
  SealRig rig;
  io::run_to_end(rig.loop, sealed_twice(rig));
}

Task<void> not_sealed(SealRig& rig) {
  const std::string plain = "From: zoe@far.example\r\n\r\nHow are you?\r\n";
  const std::string set = "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=s; b=AA==\r\nARC-Message-Signature: i=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=AA==; b=AA==\r\n"
                          "ARC-Authentication-Results: i=1; x.example; none\r\n";
  const std::string ended = "ARC-Seal: i=1; a=rsa-sha256; cv=fail; d=x.example; s=s; b=AA==\r\nARC-Message-Signature: i=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=AA==; b=AA==\r\n"
                            "ARC-Authentication-Results: i=1; x.example; none\r\n";
  struct Row { std::string text; const char* sender; };
  for (const auto& [text, sender] : {Row{plain, "SRS0=h=aa=far.example=zoe@a.example"},                                              // nothing was found out
                                     Row{"Authentication-Results: other.example; arc=pass\r\n" + plain, "SRS0=h=aa=far.example=zoe@a.example"},  // somebody else's words
                                     Row{"Authentication-Results: mx.a.example; arc\r\n" + plain, "SRS0=h=aa=far.example=zoe@a.example"},        // not readable
                                     Row{rig.came_with("spf=none", set), "SRS0=h=aa=far.example=zoe@a.example"},                      // a chain that nobody judged
                                     Row{rig.came_with("arc=fail", ended), "SRS0=h=aa=far.example=zoe@a.example"},                    // one that has ended
                                     Row{rig.came_with("arc=none"), "zoe@far.example"}, Row{rig.came_with("arc=none"), ""}}) {        // not under a sender of ours
    rig.text = text;
    rig.envelope.reverse_path = *sender == '\0' ? ReversePath{} : ReversePath{directory::at(sender)};
    ++rig.envelope.id.sequence;
    auto signing = rig.sign();
    const auto copy = co_await std::move(signing);
    CHECK_MESSAGE((copy.state == State::Ready && copy.fields.empty()), text);
  }
  CHECK(rig.requests == 0);
}

TEST_CASE("nothing is sealed that we know nothing of, or that does not leave in our name") {
  SealRig rig;
  io::run_to_end(rig.loop, not_sealed(rig));
}

Task<void> away_while_sealing(SealRig& rig) {
  REQUIRE(std::filesystem::remove(rig.path));  // the server itself is the loop's until its end
  auto first = rig.sign();
  const auto away = co_await std::move(first);
  CHECK(away.state == State::Away);
}

Task<void> lost_seal_key(SealRig& rig) {
  for (const auto& key : rig.snapshot()->dkim_keys("a.example")) REQUIRE(rig.store.remove(key.name));
  auto signing = rig.sign();
  const auto copy = co_await std::move(signing);
  CHECK((copy.state == State::Ready && copy.fields.empty()));
  CHECK(rig.requests == 1);
}

TEST_CASE("a lost key seals nothing, and what others wrote goes on all the same") {
  SealRig rig;
  io::run_to_end(rig.loop, lost_seal_key(rig));
}

Task<void> list_copy(SealRig& rig) {
  REQUIRE(rig.editor.add_list({.address = "staff@a.example"}));
  rig.envelope.reverse_path = ReversePath{directory::at("staff-bounces@a.example")};
  auto signing = rig.sign();
  const auto copy = co_await std::move(signing);
  CHECK(rig.judged(copy.fields) == "rsa good");
  const auto verdict = rig.chain_of(copy.fields + rig.text);
  CHECK((verdict.status == arc::Status::Pass && verdict.highest == 1));
}

TEST_CASE("what a list sends is signed by the list and sealed") {
  SealRig rig;
  io::run_to_end(rig.loop, list_copy(rig));
}

TEST_CASE("what would be sealed waits for signer as what would be signed does") {
  SealRig rig;
  io::run_to_end(rig.loop, away_while_sealing(rig));
}

}  // namespace
}  // namespace hikyaku::signing

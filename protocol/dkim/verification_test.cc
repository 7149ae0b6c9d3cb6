// What a signature outlives and what it does not, with messages signed here.
#include "protocol/dkim/verification.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/base64.h"
#include "protocol/dkim/signing.h"
#include "protocol/dkim/test_mail.h"

namespace hikyaku::dkim {
namespace {

using testing::one_record;
using testing::verify;
using testing::Zone;

const std::string header = "From: Taro <taro@a.example>\r\nTo: hanako@b.example\r\nSubject: hello  there\r\nReceived: one\r\n";
const std::string body = "Hello,  world\r\n\r\nagain\r\n\r\n";
const std::string record_name = "s1._domainkey.a.example";

const PrivateKey& key(Algorithm algorithm) {
  static const auto rsa = PrivateKey::generate(Algorithm::RsaSha256), ed25519 = PrivateKey::generate(Algorithm::Ed25519Sha256);
  return algorithm == Algorithm::RsaSha256 ? rsa : ed25519;
}
std::string record_of(Algorithm algorithm) { return key_record_text(algorithm, key(algorithm).public_octets()); }
Zone zone_of(Algorithm algorithm) { return {{record_name, one_record(record_of(algorithm))}}; }

SignTerms terms_of(Algorithm algorithm) {
  SignTerms terms;
  terms.algorithm = algorithm, terms.domain = "a.example", terms.selector = "s1", terms.unix_time = 1'000;
  return terms;
}
std::string signed_field(const std::string& head, const std::string& text, const SignTerms& terms) {
  Message message({}, {terms.body()});
  message.feed(head + "\r\n" + text);
  message.end();
  const auto to_sign = prepare_signature(message, terms);
  REQUIRE(to_sign);
  return to_sign->field(key(terms.algorithm).sign(to_sign->digest));
}
std::string signed_mail(const SignTerms& terms) { return signed_field(header, body, terms) + header + "\r\n" + body; }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
Outcome outcome_of(const std::string& mail, const Zone& zone, VerifyOptions options = {}) { return verify(mail, zone, std::move(options)).at(0).outcome; }

TEST_CASE("what is signed here verifies, with both algorithms and all forms, however it is cut") {
  for (const auto algorithm : {Algorithm::RsaSha256, Algorithm::Ed25519Sha256})
    for (const auto header_form : {Form::Simple, Form::Relaxed})
      for (const auto body_form : {Form::Simple, Form::Relaxed}) {
        auto terms = terms_of(algorithm);
        terms.header_form = header_form, terms.body_form = body_form;
        const auto mail = signed_mail(terms);
        const auto results = verify(mail, zone_of(algorithm));
        REQUIRE(results.size() == 1);
        CHECK_MESSAGE(results[0].outcome == Outcome::Pass, results[0].reason);
        CHECK(results[0].domain == "a.example");
        CHECK(results[0].identity == "@a.example");
        CHECK(results[0].key_bits == (algorithm == Algorithm::RsaSha256 ? 2048 : 256));
        for (const std::size_t step : {1, 2, 7, 100}) {
          Message message;
          for (std::size_t at = 0; at < mail.size(); at += step) message.feed(std::string_view(mail).substr(at, step));
          Verification verification(message, {});  // before the end
          message.end();
          testing::answer_all(verification, zone_of(algorithm));
          CHECK(verification.results().at(0).outcome == Outcome::Pass);
        }
        for (std::size_t at = 0; at < mail.size();) {
          const auto end = mail.find("\r\n", at);
          CHECK(end - at <= 78);
          at = end + 2;
        }
      }
}

TEST_CASE("two signatures of one message stand side by side") {
  const auto rsa = signed_field(header, body, terms_of(Algorithm::RsaSha256));
  auto terms = terms_of(Algorithm::Ed25519Sha256);
  terms.selector = "s2";
  const auto mail = signed_field(header, body, terms) + rsa + header + "\r\n" + body;
  auto zone = zone_of(Algorithm::RsaSha256);
  zone["s2._domainkey.a.example"] = one_record(record_of(Algorithm::Ed25519Sha256));
  const auto results = verify(mail, zone);
  REQUIRE(results.size() == 2);
  CHECK(results[0].outcome == Outcome::Pass);
  CHECK(results[1].outcome == Outcome::Pass);
  CHECK(results[0].algorithm == Algorithm::Ed25519Sha256);
}

TEST_CASE("changes on the way") {
  const auto mail = signed_mail(terms_of(Algorithm::Ed25519Sha256));
  const auto zone = zone_of(Algorithm::Ed25519Sha256);
  struct Row {
    std::string_view from, to;
    Outcome want;
  };
  for (const auto& row : {Row{"Hello,  world", "Hello, world", Outcome::Pass}, Row{"again\r\n", "again\t\r\n\r\n", Outcome::Pass}, Row{"Subject: hello  there", "SUBJECT:hello\r\n there", Outcome::Pass},
                          Row{"Received: one\r\n", "", Outcome::Pass}, Row{"Received: one\r\n", "Received: one\r\nX-New: 1\r\n", Outcome::Pass},
                          Row{"Hello", "hello", Outcome::Fail}, Row{"again", "again.", Outcome::Fail}, Row{"\r\n\r\nagain", "\r\nagain", Outcome::Fail}, Row{"hello  there", "Hello there", Outcome::Fail},
                          Row{"To: hanako@b.example\r\n", "", Outcome::Fail}, Row{"Received: one\r\n", "From: other@c.example\r\n", Outcome::Fail},
                          Row{"From: Taro", "From: other@c.example\r\nFrom: Taro", Outcome::Fail}, Row{"Received: one\r\n", "Cc: other@c.example\r\n", Outcome::Fail},
                          Row{"t=1000", "t=1001", Outcome::Fail}, Row{"d=a.example", "d=b.a.example", Outcome::PermError}})
    CHECK_MESSAGE(outcome_of(replaced(mail, row.from, row.to), zone) == row.want, row.from << " -> " << row.to);
}

TEST_CASE("fields of one name are taken from the last to the first") {
  const std::string head = "Comments: upper\r\nFrom: t@a.example\r\nComments: lower\r\n";
  auto terms = terms_of(Algorithm::Ed25519Sha256);
  terms.names = {"from"}, terms.sealed_names = {"comments"};  // one mention: the lower
  const auto field = signed_field(head, body, terms);
  const auto zone = zone_of(Algorithm::Ed25519Sha256);
  CHECK(outcome_of(field + replaced(head, "upper", "changed") + "\r\n" + body, zone) == Outcome::Pass);
  CHECK(outcome_of(field + "Comments: added\r\n" + head + "\r\n" + body, zone) == Outcome::Pass);
  CHECK(outcome_of(field + replaced(head, "lower", "changed") + "\r\n" + body, zone) == Outcome::Fail);
  CHECK(outcome_of(field + head + "Comments: added\r\n\r\n" + body, zone) == Outcome::Fail);
}

TEST_CASE("signature fields that cannot be judged") {
  const auto mail = signed_mail(terms_of(Algorithm::Ed25519Sha256));
  const auto zone = zone_of(Algorithm::Ed25519Sha256);
  struct Row {
    std::string_view from, to, why;
  };
  for (const auto& row :
       {Row{"v=1;", "", "v= is missing"}, Row{"v=1;", "v=2;", "version is not 1"}, Row{"v=1;", "v=1; v=1;", "syntax error"}, Row{"v=1;", "v=1;;", "syntax error"}, Row{"a=ed25519-sha256", "a=rsa-sha1", "rsa-sha1 proves nothing any more"},
        Row{"a=ed25519-sha256", "a=ED25519-SHA256", "unknown algorithm"}, Row{"c=relaxed/relaxed", "c=relaxed/", "c= is wrong"}, Row{"c=relaxed/relaxed", "c=nowsp", "c= is wrong"}, Row{"d=a.example", "d=a..example", "d= is wrong"},
        Row{"d=a.example", "d=example", "d= is wrong"}, Row{"d=a.example", "x1=y", "d= is missing"}, Row{"s=s1", "s=", "s= is wrong"}, Row{"s=s1", "s=s 1", "s= is wrong"}, Row{"s=s1", "s=s(1", "s= is wrong"},
        Row{"t=1000", "t=", "t= is wrong"}, Row{"t=1000", "t=-1", "t= is wrong"}, Row{"t=1000", "t=1000; x=1000", "x= is wrong"}, Row{"t=1000", "t=1000; l=x", "l= is wrong"}, Row{"t=1000", "t=1000; q=dns", "no way to get the key that is known"},
        Row{"t=1000", "t=1000; i=@b.example", "i= is not of d="}, Row{"t=1000", "t=1000; i=aa.example", "i= is not of d="}, Row{"t=1000", "t=1000; i=x@ba.example", "i= is not of d="}, Row{"h=from:", "h=", "From is not signed"},
        Row{"h=from:", "h1=from:", "h= is missing"}, Row{"bh=", "bh=!", "bh= is wrong"}, Row{"bh=", "bh=; z=", "bh= is wrong"}, Row{" b=", " b=!", "b= is wrong"}, Row{" b=", " b=; z=", "b= is wrong"}, Row{"t=1000", "t=1000; 1=2", "syntax error"},
        Row{"t=1000", "t=1000; novalue", "syntax error"}}) {
    auto changed = mail;
    if (row.from == "h=from:") changed = replaced(replaced(mail, ":from", ":sender"), "h=from:", row.to);
    else changed = replaced(mail, row.from, row.to);
    if (row.to == "h1=from:") changed = replaced(mail, row.from, row.to);
    const auto results = verify(changed, zone);
    REQUIRE(results.size() == 1);
    CHECK_MESSAGE(results[0].outcome == Outcome::PermError, row.to);
    CHECK_MESSAGE(results[0].reason == row.why, row.to << ": " << results[0].reason);
  }
}

TEST_CASE("key records decide too") {
  const auto terms = terms_of(Algorithm::Ed25519Sha256);
  const auto mail = signed_mail(terms);
  const auto good = record_of(Algorithm::Ed25519Sha256);
  const auto p = good.substr(good.find("p="));
  struct Row {
    std::string record;
    Outcome want;
    std::string_view why;
  };
  for (const auto& row : {
           Row{good, Outcome::Pass, ""},
           Row{"k=ed25519;" + p, Outcome::Pass, ""},
           Row{"v=DKIM1; h=sha1:sha256; s=*; n=a note; k=ed25519; " + p + ";", Outcome::Pass, ""},
           Row{"v=DKIM1; s=email; t=s; k=ed25519; " + p, Outcome::Pass, ""},
           Row{"v=DKIM1; k=ed25519; p=", Outcome::PermError, "key revoked"},
           Row{"v=DKIM1; k=ed25519", Outcome::PermError, "key record has no key"},
           Row{"v=DKIM2; k=ed25519; " + p, Outcome::PermError, "key record has another version"},
           Row{"k=ed25519; v=DKIM1; " + p, Outcome::PermError, "key record has another version"},
           Row{"v=DKIM1: k=ed25519; " + p, Outcome::PermError, "key record has another version"},
           Row{"v=DKIM1; " + p, Outcome::PermError, "key is of another type"},
           Row{"v=DKIM1; k=ed25519-sha256; " + p, Outcome::PermError, "key record has an unknown key type"},
           Row{"v=DKIM1; k=ed25519; h=sha1; " + p, Outcome::PermError, "key is not for sha256"},
           Row{"v=DKIM1; k=ed25519; s=tlsrpt; " + p, Outcome::PermError, "key is not for email"},
           Row{"v=DKIM1; k=ed25519; p=AAAA", Outcome::PermError, "key is no Ed25519 key"},
           Row{"v=DKIM1; k=ed25519; p=!!!!", Outcome::PermError, "key record has a key that is no base64"},
           Row{"v=DKIM1; k=ed25519; p=AAAA; p=AAAA", Outcome::PermError, "key record has a syntax error"},
           Row{"hello", Outcome::PermError, "key record has a syntax error"},
           Row{"", Outcome::PermError, "key record has a syntax error"},
           Row{"v=DKIM1; k=ed25519; p=" + base64_encode(PrivateKey::generate(Algorithm::Ed25519Sha256).public_octets()), Outcome::Fail, "signature did not verify"},
           Row{"v=DKIM1; k=ed25519; t=y; p=" + base64_encode(PrivateKey::generate(Algorithm::Ed25519Sha256).public_octets()), Outcome::Neutral, "testing: signature did not verify"},
           Row{std::string(10'000, 'x'), Outcome::PermError, "key record is too long"},
       }) {
    const auto result = verify(mail, {{record_name, one_record(row.record)}}).at(0);
    CHECK_MESSAGE(result.outcome == row.want, row.record);
    CHECK_MESSAGE(result.reason == row.why, row.record);
  }
  CHECK(outcome_of(mail, {}) == Outcome::PermError);
  CHECK(outcome_of(mail, {{record_name, {KeyAnswer::Kind::Failure, {}}}}) == Outcome::TempError);
  const std::string other = "v=DKIM1; k=ed25519; p=" + base64_encode(PrivateKey::generate(Algorithm::Ed25519Sha256).public_octets());
  CHECK(outcome_of(mail, {{record_name, {KeyAnswer::Kind::Records, {other, "noise", good}}}}) == Outcome::Pass);
  CHECK(outcome_of(mail, {{record_name, {KeyAnswer::Kind::Records, {other, other, other, good}}}}) == Outcome::Fail);
  auto below = terms;
  below.identity = "taro@sub.a.example";
  CHECK(outcome_of(signed_mail(below), {{record_name, one_record(good)}}) == Outcome::Pass);
  CHECK(outcome_of(signed_mail(below), {{record_name, one_record("t=s; k=ed25519; " + p)}}) == Outcome::PermError);
}

TEST_CASE("time, length, and what we do about them") {
  const auto zone = zone_of(Algorithm::Ed25519Sha256);
  auto terms = terms_of(Algorithm::Ed25519Sha256);
  terms.valid_seconds = 500;
  const auto mail = signed_mail(terms);
  CHECK(outcome_of(mail, zone, {.unix_time = 1'500}) == Outcome::Pass);
  CHECK(outcome_of(mail, zone, {.unix_time = 1'501}) == Outcome::Policy);
  CHECK(outcome_of(replaced(mail, "Hello", "hello"), zone, {.unix_time = 1'501}) == Outcome::Fail);

  // l= is never written here: the field is made by hand, over "Hello,  world\r\n" in the simple form.
  const std::string begun = "Hello,  world\r\n", more = begun + "appended\r\n";
  BodyHasher hasher({Form::Simple, begun.size()});
  hasher.feed(begun);
  TagWriter writer("DKIM-Signature");
  writer.add("v", "1"), writer.add("a", "ed25519-sha256"), writer.add("d", "a.example"), writer.add("s", "s1"), writer.add("l", "15"), writer.add("h", "from");
  writer.add("bh", base64_encode(octets_of(hasher.finish().digest)));
  writer.add_open_signature();
  const auto digest = digest_to_sign(FieldIndex(header), Form::Simple, {"from"}, writer);
  const auto head = writer.signed_field(key(Algorithm::Ed25519Sha256).sign(digest)) + header + "\r\n";
  CHECK(verify(head + begun, zone).at(0).outcome == Outcome::Pass);
  const auto partial = verify(head + more, zone).at(0);
  CHECK(partial.outcome == Outcome::Pass);
  CHECK(partial.unsigned_octets == 10);
  CHECK(outcome_of(head + more, zone, {.partial_body = PartialBody::Refuse}) == Outcome::Policy);
  CHECK(outcome_of(head + begun, zone, {.partial_body = PartialBody::Refuse}) == Outcome::Pass);
  CHECK(verify(head + "Hello\r\n", zone).at(0).reason == "l= is longer than the body");
}

TEST_CASE("hostile mail costs what the limits say") {
  const auto mail = signed_mail(terms_of(Algorithm::Ed25519Sha256));
  const auto zone = zone_of(Algorithm::Ed25519Sha256);
  std::string many;
  for (int n = 0; n < 100; ++n) many += mail.substr(0, mail.find("From:"));
  Message message;
  message.feed(many + header + "\r\n" + body);
  Verification verification(message, {});
  CHECK(verification.key_names().size() == 1);
  CHECK(verification.ignored() == 92);
  CHECK(verify(many + header + "\r\n" + body, zone).size() == 8);

  const auto long_header = verify("X: " + std::string(2'000, 'x') + "\r\n" + mail, zone, {}, {.most_header_octets = 1'000});
  REQUIRE(long_header.size() == 1);
  CHECK(long_header[0].outcome == Outcome::Neutral);
  CHECK(verify("no header at all", zone).empty());
  CHECK(verify("", zone).empty());
  CHECK(verify("\r\n\r\n", zone).empty());
}

TEST_CASE("what cannot be signed") {
  const auto problem = [](const std::string& text, MessageLimits limits = {}) {
    const auto terms = terms_of(Algorithm::Ed25519Sha256);
    Message message(limits, {terms.body()});
    message.feed(text);
    message.end();
    const auto prepared = prepare_signature(message, terms);
    return prepared ? std::string() : prepared.error();
  };
  CHECK(problem(header + "\r\n") == "");
  CHECK(problem("To: b@b.example\r\n\r\n") == "a message without From cannot be signed");
  CHECK(problem(" From: a@a.example\r\n" + header) == "a header that begins with a folded line cannot be signed");
  CHECK(problem(header, {.most_header_octets = 20}) == "the header is too long to be signed");
}

}  // namespace
}  // namespace hikyaku::dkim

#include <doctest/doctest.h>

#include "mail/address.h"
#include "mail/envelope.h"
#include "mail/trace_id.h"

using namespace hikyaku;

TEST_CASE("address: quoted only where RFC 5321 needs it") {
  CHECK(Address{"alice", "example.jp"}.text() == "alice@example.jp");
  CHECK(Address{"a..b", "example.jp"}.text() == "\"a..b\"@example.jp");
  CHECK(Address{".a", "example.jp"}.text() == "\".a\"@example.jp");
  CHECK(Address{"a\"b\\c d", "example.jp"}.text() == "\"a\\\"b\\\\c d\"@example.jp");
  CHECK(Address{"postmaster", ""}.text() == "postmaster");
  CHECK(Address{"飛脚", "例え.jp"}.text() == "飛脚@例え.jp");
  CHECK(ReversePath{}.text().empty());
}

TEST_CASE("trace id: text and back; derived ids are steady and differ by cause") {
  const TraceId id{1, 2, 3, 0xfedcba9876543210ULL};
  CHECK(id.text().size() == 27);
  CHECK(TraceId::parse(id.text()) == id);
  CHECK(TraceId{1, 2, 3, 4}.text() < TraceId{1, 2, 3, 5}.text());
  for (const char* bad : {"", "B", "B0000000000000000000000000U", "A00000000000000000000000000", "BZZZZZZZZZZZZZZZZZZZZZZZZZZ"})
    CHECK_MESSAGE(!TraceId::parse(bad), bad);
  CHECK(id.derived("a@b", "bounce", 9) == id.derived("a@b", "bounce", 9));
  CHECK(id.derived("a@b", "bounce", 9) != id.derived("a@c", "bounce", 9));
}

TEST_CASE("envelope: decode(encode(x)) is x; every cut of it is refused") {
  Envelope envelope;
  envelope.id = {1, 2, 3, 4};
  envelope.reverse_path.address = {"alice", "example.jp"};
  envelope.recipients = {{{"bob", "example.net"}, "rfc822;bob@example.net", {.failure = true, .delay = true}},
                         {{"飛脚", "例え.jp"}, "", {.never = true}, true}};
  envelope.envelope_id = "id+1";
  envelope.return_content = ReturnContent::Headers;
  envelope.body_type = BodyType::EightBitMime;
  envelope.smtputf8 = true;
  envelope.tls_wish = TlsWish::Require;
  envelope.accepted_at = WallTime{std::chrono::microseconds{1'700'000'000'123'456}};
  envelope.client_address = "2001:db8::7";
  envelope.client_helo = "mx.example.jp";
  envelope.account = "alice@example.jp";
  envelope.body_octets = 10'240;
  const auto bytes = envelope.encode();
  CHECK(Envelope::decode(bytes) == envelope);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!Envelope::decode(bytes.substr(0, cut)));
  CHECK(!Envelope::decode(bytes + "x"));
}

TEST_CASE("envelope: what is written short comes back as it was given") {
  Envelope envelope;
  envelope.recipients = {{{"bob", "example.net"}, "", {}}};
  for (const char* address : {"", "192.0.2.7", "0.0.0.0", "255.255.255.255", "192.0.2.07", "192.0.2.256", "1.2.3", "1.2.3.4.5", "1.2.3.4 ", "1..3.4", "::1"})
    for (const char* original : {"", "rfc822;bob@example.net", "rfc822;Bob@example.net", "RFC822;bob@example.net", "utf-8;bob@example.net"}) {
      envelope.client_address = address;
      envelope.recipients[0].original_recipient = original;
      CHECK_MESSAGE(Envelope::decode(envelope.encode()) == envelope, address, " ", original);
    }
}

TEST_CASE("envelope: what version 0.1 wrote is read") {
  const std::string_view written(
      "\x01" "\x02\x00\x01\x00" "\x03\x00\x00\x00" "\x04\x00\x00\x00\x00\x00\x00\x00" "\x05" "alice" "\x0a" "example.jp" "\x01" "\x03" "bob"
      "\x0b" "example.net" "\x0c" "rfc822;b@c.d" "\x1c" "\x04" "id+1" "\x02\x01\x01" "\x40\x42\x0f\x00\x00\x00\x00\x00" "\x09" "192.0.2.7" "\x02" "mx"
      "\x00" "\x00\x28\x00\x00\x00\x00\x00\x00", 103);
  Envelope envelope;
  envelope.id = {1, 2, 3, 4};
  envelope.reverse_path.address = {"alice", "example.jp"};
  envelope.recipients = {{{"bob", "example.net"}, "rfc822;b@c.d", {.failure = true, .delay = true}, true}};
  envelope.envelope_id = "id+1";
  envelope.return_content = ReturnContent::Headers;
  envelope.body_type = BodyType::EightBitMime;
  envelope.smtputf8 = true;
  envelope.accepted_at = WallTime{std::chrono::seconds{1}};
  envelope.client_address = "192.0.2.7";
  envelope.client_helo = "mx";
  envelope.body_octets = 10'240;
  CHECK(Envelope::decode(written) == envelope);
  for (std::size_t cut = 0; cut < written.size(); ++cut) CHECK(!Envelope::decode(written.substr(0, cut)));
}

TEST_CASE("envelope: bits nobody knows are refused") {
  Envelope envelope;
  envelope.recipients = {{{"bob", "example.net"}, "", {}}};
  const auto bytes = envelope.encode();
  for (const std::size_t at : {0U, 1U})
    for (const int bits : {1 << 6, 1 << 7, 1 << 6 | 1 << 7}) {
      auto other = bytes;
      other[at] = static_cast<char>(other[at] | bits);
      CHECK(Envelope::decode(other).has_value() == (at == 1 && bits != (1 << 6 | 1 << 7)));  // what is wished of TLS: one of two
    }
}

TEST_CASE("envelope: wishes about the time come back, and what has none is written as ever") {
  Envelope envelope;
  envelope.recipients = {{{"bob", "example.net"}, "", {}}};
  const auto plain = envelope.encode();
  CHECK(plain[0] == 2);
  const WallTime then{std::chrono::seconds{1'900'000'000}};
  std::vector<Envelope> wishes(5, envelope);
  wishes[0].priority = -9;
  wishes[1].priority = 9;
  wishes[2].release = FutureRelease{then, 3600};
  wishes[3].deliver_by = DeliverBy{then, ByMode::Return, true};
  wishes[4].priority = 4, wishes[4].release = FutureRelease{then, 0}, wishes[4].deliver_by = DeliverBy{WallTime{std::chrono::seconds{-1}}, ByMode::Notify, false};
  for (const auto& wish : wishes) {
    const auto bytes = wish.encode();
    CHECK(bytes[0] == 3);
    CHECK(Envelope::decode(bytes) == wish);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!Envelope::decode(std::string_view(bytes).substr(0, cut)));
    CHECK(!Envelope::decode(bytes + '\0'));
  }
  // No wish in a format that has some, one nobody knows, and priorities beyond the range or of none.
  const auto with = [&](std::string_view behind) { return '\x03' + plain.substr(1) + std::string(behind); };
  for (const std::string_view behind : {std::string_view("\0", 1), std::string_view("\x08\x01"), std::string_view("\x01\x13"), std::string_view("\x01\x09"), std::string_view("\x01\xff")})
    CHECK(!Envelope::decode(with(behind)));
  CHECK(Envelope::decode(with("\x01\x12")).has_value());
}

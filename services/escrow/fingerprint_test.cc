#include "services/escrow/fingerprint.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::escrow;

namespace {

const ReversePath sender{{"a", "office.example"}};
const Address recipient{"taro", "a.example"};

std::string mark_of(std::string_view text, std::size_t piece = 1'000'000, const ReversePath& from = sender, const Address& to = recipient) {
  Fingerprint made;
  for (std::size_t at = 0; at < text.size(); at += piece) made.feed(text.substr(at, piece));
  made.end();
  return made.mark(from, to);
}

}  // namespace

TEST_CASE("fingerprint: a mail that is sent again is the same, whatever was written above it") {
  const std::string text = "Subject: a\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n";
  const auto mark = mark_of(text);
  CHECK(is_mark(mark));
  for (const std::size_t piece : {1, 2, 3, 7, 20}) CHECK(mark_of(text, piece) == mark);
  CHECK(mark_of("Received: from x\r\nDKIM-Signature: t=1\r\nmessage-id:\r\n <1@x>\r\nSubject: a\r\n\r\nHello\r\n") == mark);
  CHECK(mark_of(text, 100, {{"A", "Office.Example"}}, {"Taro", "A.example"}) == mark);
}

TEST_CASE("fingerprint: another mail is another one") {
  const auto mark = mark_of("Message-ID: <1@x>\r\n\r\nHello\r\n");
  for (const auto* other : {"Message-ID: <2@x>\r\n\r\nHello\r\n", "Message-ID: <1@x>\r\n\r\nHello!\r\n", "Message-ID: <1@x>\r\n\r\n", "Message-ID: <1@x>\r\n", "\r\nHello\r\n", "", "Hello\r\n"})
    CHECK(mark_of(other) != mark);
  CHECK(mark_of("Message-ID: <1@x>\r\n\r\nHello\r\n", 100, {}) != mark);
  CHECK(mark_of("Message-ID: <1@x>\r\n\r\nHello\r\n", 100, sender, {"hanako", "a.example"}) != mark);
  // Without a Message-ID it is the header.
  CHECK(mark_of("Subject: a\r\n\r\nHello\r\n") != mark_of("Subject: b\r\n\r\nHello\r\n"));
  CHECK(mark_of("Message-ID: \r\nSubject: a\r\n\r\nHello\r\n") != mark_of("Message-ID: \r\nSubject: b\r\n\r\nHello\r\n"));
}

TEST_CASE("fingerprint: a header without end is bounded, in any pieces the same") {
  const std::string endless(3 * Fingerprint::most_header_octets, 'x');
  const auto mark = mark_of(endless);
  CHECK(mark_of(endless, 1'000) == mark);
  CHECK(mark_of(endless, Fingerprint::most_header_octets + 2) == mark);
  CHECK(mark_of(endless + "y") != mark);
  // The empty line at the very bound, and just behind it.
  for (const std::size_t octets : {Fingerprint::most_header_octets - 1, Fingerprint::most_header_octets, Fingerprint::most_header_octets + 1, Fingerprint::most_header_octets + 4}) {
    const auto text = std::string(octets, 'h') + "\r\n\r\nbody";
    CHECK(mark_of(text) == mark_of(text, 1));
  }
}

TEST_CASE("fingerprint: what is a mark") {
  CHECK_FALSE(is_mark(""));
  CHECK_FALSE(is_mark(std::string(64, 'g')));
  CHECK_FALSE(is_mark("../" + std::string(61, 'a')));
  CHECK(is_mark(std::string(64, 'a')));
}

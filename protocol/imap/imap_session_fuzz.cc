// A whole session on a small store: input is what a client sends, split by octets of 0x00 to 0x03 times 7.
#include "protocol/imap/test_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  static const imap::SessionSettings settings{.append_limit_octets = 100'000};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  ManualClock clock;
  imap::MemoryStore store(clock);
  store.deliver("INBOX", "From: a@b\r\nTo: g: c@d, e;\r\nSubject: =?utf-8?q?x?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
                         "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\n--x--\r\n");
  store.deliver("INBOX", "Subject: two\r\n\r\nText\r\n");
  imap::TestClient client(store, settings);
  client.send("x SELECT INBOX\r\n");
  const std::size_t piece = size > 0 && data[0] < 4 ? data[0] * 7 + 1 : size + 1;
  for (std::size_t at = 0; at < input.size() && !client.closed(); at += piece) {
    client.send(input.substr(at, piece));
    client.wake();
  }
  return 0;
}

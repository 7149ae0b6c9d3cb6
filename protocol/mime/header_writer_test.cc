#include <doctest/doctest.h>

#include "protocol/mime/address_list.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"
#include "protocol/mime/header_writer.h"
#include "protocol/mime/parameters.h"

using namespace hikyaku;
using namespace hikyaku::mime;

TEST_CASE("header writer: forms") {
  const Address address{"a", "b.example"};
  CHECK(HeaderWriter{}.field("X", "y").fields() == "X: y\r\n");
  CHECK(HeaderWriter{}.field("X", "y\r\nBcc: evil").fields() == "X: y  Bcc: evil\r\n");
  CHECK(HeaderWriter{}.text("Subject", "plain").fields() == "Subject: plain\r\n");
  CHECK(HeaderWriter{}.mailbox("To", "", address).fields() == "To: a@b.example\r\n");
  CHECK(HeaderWriter{}.mailbox("To", "John Doe", address).fields() == "To: John Doe <a@b.example>\r\n");
  CHECK(HeaderWriter{}.mailbox("To", "J. \"D\"", address).fields() == "To: \"J. \\\"D\\\"\" <a@b.example>\r\n");
  CHECK(HeaderWriter{}.date("Date", WallTime{}, 540).fields() == "Date: Thu, 1 Jan 1970 09:00:00 +0900\r\n");
  CHECK(HeaderWriter{}.parameterised("C", "attachment", "filename", "a\"b").fields() == "C: attachment; filename=\"a\\\"b\"\r\n");
}

TEST_CASE("header writer: what was written is read, on short lines") {
  std::string subject = "配送できませんでした";
  for (int i = 0; i < 20; ++i) subject += " undelivered 不達通知";
  const auto fields = HeaderWriter{}
                          .text("Subject", subject)
                          .mailbox("From", "メール配送システム (mail delivery system)", {"postmaster", "b.example"})
                          .parameterised("Content-Disposition", "attachment", "filename", "請求書 2026.pdf")
                          .field("References", "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example> <bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@b.example> <c@d>")
                          .fields();
  for (std::size_t start = 0; start < fields.size();) {
    const auto end = fields.find("\r\n", start);
    CHECK(end - start <= 78);
    start = end + 2;
  }
  TextStore store;
  CHECK(decode_header_text(find_field(fields, "Subject")->value) == subject);
  const auto from = parse_address_list(find_field(fields, "From")->value, store);
  REQUIRE(from.size() == 1);
  CHECK(decode_header_text(from.front().name) == "メール配送システム (mail delivery system)");
  CHECK(from.front().mailbox == "postmaster");
  const auto disposition = parse_parameterised(find_field(fields, "Content-Disposition")->value, store);
  CHECK(decoded_parameter(disposition.parameters, "filename") == "請求書 2026.pdf");
}

#include "services/delivery/onward/list_text.h"

#include <doctest/doctest.h>

#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using directory::MailingList;
using directory::Posting;

namespace {

MailingList staff(std::string prefix = "", Posting posting = Posting::Members) {
  MailingList list;
  list.address = "staff@a.example";
  list.posting = posting;
  list.subject_prefix = std::move(prefix);
  return list;
}

std::string field(const std::string& text, std::string_view name) {
  const auto found = mime::find_field(text, name);
  if (!found) return "none";
  auto value = std::string(found->value);
  while (value.starts_with(' ')) value.erase(0, 1);
  return value;
}

std::string subject(std::string prefix, std::string line) {
  return mime::decode_header_text(field(list_text(staff(std::move(prefix)), "Subject: " + line + "\r\n\r\nbody\r\n"), "Subject"));
}

}  // namespace

TEST_CASE("list copies say what list they are of") {
  auto list = staff();
  list.about = "Our \"staff\"";
  const std::string post = "Received: from x\r\nFrom: ann@a.example\r\nList-Id: <old.list>\r\nlist-unsubscribe: <mailto:x>\r\nPrecedence: bulk\r\n"
                           "Disposition-Notification-To: ann@a.example\r\nReply-To: ann@a.example\r\nSubject: hello\r\n\r\nbody\r\nList-Id: not a field\r\n";
  const auto copy = list_text(list, post);
  CHECK(copy.starts_with("Received: from x\r\nFrom: ann@a.example\r\nReply-To: ann@a.example\r\nSubject: hello\r\n"));
  CHECK(copy.ends_with("\r\n\r\nbody\r\nList-Id: not a field\r\n"));
  CHECK(field(copy, "List-Id") == "\"Our \\\"staff\\\"\" <staff.a.example>");
  CHECK(field(copy, "List-Post") == "<mailto:staff@a.example>");
  CHECK(field(copy, "List-Help") == "<mailto:staff-request@a.example?subject=help>");
  CHECK(field(copy, "List-Unsubscribe") == "<mailto:staff-request@a.example?subject=unsubscribe>");
  CHECK(field(copy, "List-Owner") == "<mailto:staff-owner@a.example>");
  CHECK(field(copy, "Precedence") == "list");
  CHECK(field(copy, "X-Loop") == "staff@a.example");
  CHECK(field(copy, "Disposition-Notification-To") == "none");
  CHECK(copy.find("old.list") == std::string::npos);
  list.reply_to_list = directory::Enabled::Yes;
  CHECK(field(list_text(list, post), "Reply-To") == "staff@a.example");
  CHECK(field(list_text(staff("", Posting::Listed), post), "List-Post") == "NO");
  CHECK(field(list_text(staff("", Posting::Moderators), post), "List-Post") == "<mailto:staff@a.example> (Postings are Moderated)");
  list.address = "a b%\"@a.example";
  CHECK(field(list_text(list, post), "List-Post") == "<mailto:a%20b%25%22@a.example>");
}

TEST_CASE("the subject gets its prefix once") {
  CHECK(subject("[staff]", "hello") == "[staff] hello");
  CHECK(subject("[staff]", "Re: [Staff] hello") == "Re: [Staff] hello");
  CHECK(subject("[staff]", "=?UTF-8?B?W3N0YWZmXSDmnKw=?=") == "[staff] 本");
  CHECK(subject("[staff]", "=?UTF-8?B?5pys?=") == "[staff] 本");
  CHECK(subject("[社内]", "=?UTF-8?B?5pys?=") == "[社内] 本");
  CHECK(subject("[社内]", "hello") == "[社内] hello");
  CHECK(subject("[staff]", "") == "[staff]");
  CHECK(subject("", "hello") == "hello");
  CHECK(field(list_text(staff("[staff]"), "From: x\r\n\r\nbody"), "Subject") == "[staff]");
  const auto folded = list_text(staff("[staff]"), "Subject: " + std::string(66, 'x') + "\r\n y\r\n\r\n");
  CHECK(folded.starts_with("Subject: [staff]\r\n " + std::string(66, 'x') + "\r\n y\r\n"));
}

TEST_CASE("odd posts become sound copies") {
  struct Row {
    const char *post, *ends_with;
  };
  for (const auto& row : {Row{"", "\r\n\r\n"}, Row{"\r\nbody", "\r\n\r\nbody"}, Row{"Subject: x", "\r\n\r\n"}, Row{"Subject: x\n\nbody", "\n\nbody"},
                          Row{"no header at all", "\r\n\r\n"}, Row{" stray\r\nSubject: x\r\n\r\nbody", "\r\n\r\nbody"}}) {
    const auto copy = list_text(staff("[staff]"), row.post);
    CHECK_MESSAGE(copy.ends_with(row.ends_with), row.post);
    CHECK(went_through_list(staff(), copy));
    CHECK(field(copy, "List-Id") == "<staff.a.example>");
  }
}

TEST_CASE("where a text has been") {
  const std::vector<Address> accounts{{"ann", "a.example"}, {"bob", "a.example"}};
  for (const auto* text : {"X-Loop: staff@a.example\r\n\r\n", "x-loop:  STAFF@A.example\n\n", "List-Id: Our staff <staff.a.example>\r\n\r\n", "From: x\r\nList-ID: <STAFF.a.example>\r\n\r\n"})
    CHECK_MESSAGE(went_through_list(staff(), text), text);
  for (const auto* text : {"", "X-Loop: other@a.example\r\n\r\n", "Subject: X-Loop: staff@a.example\r\n\r\n", "List-Id: staff.a.example <other.a.example>\r\n\r\n", "\r\nX-Loop: staff@a.example\r\n"})
    CHECK_MESSAGE(!went_through_list(staff(), text), text);
  for (const auto* text : {"Delivered-To: bob@a.example\r\n\r\n", "Delivered-To: x@y\r\ndelivered-to: <ANN@a.example>\r\n\r\n"}) CHECK_MESSAGE(was_delivered_to(accounts, text), text);
  CHECK(was_delivered_to(accounts, forwarded_text(accounts, " stray\r\n\r\nbody")));
  for (const auto* text : {"", "Delivered-To: eve@a.example\r\n\r\n", "To: ann@a.example\r\n\r\n", "\r\nDelivered-To: ann@a.example\r\n"}) CHECK_MESSAGE(!was_delivered_to(accounts, text), text);
  CHECK(forwarded_text(accounts, "From: x\r\n\r\n") == "Delivered-To: ann@a.example\r\nDelivered-To: bob@a.example\r\nFrom: x\r\n\r\n");
  CHECK(is_automatic_answer("Auto-Submitted: auto-replied (vacation)\r\n\r\n"));
  for (const auto* text : {"", "Auto-Submitted: no\r\n\r\n", "Auto-Submitted: auto-generated\r\n\r\n"}) CHECK_FALSE(is_automatic_answer(text));
}

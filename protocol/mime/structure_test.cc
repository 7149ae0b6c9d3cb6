#include <doctest/doctest.h>

#include "protocol/mime/structure.h"

using namespace hikyaku::mime;

namespace {
// Delimiters, preambles and epilogues are what lies between the ranges; with them the ranges must tile the message.
void check_tiling(const Structure& structure, std::string_view message) {
  REQUIRE(!structure.parts.empty());
  CHECK(structure.root().header.begin == 0);
  CHECK(structure.root().body.end == message.size());
  for (std::size_t i = 0; i < structure.parts.size(); ++i) {
    const auto& part = structure.parts[i];
    CHECK(part.header.begin <= part.header.end);
    CHECK(part.header.end == part.body.begin);
    CHECK(part.body.begin <= part.body.end);
    std::uint64_t at = part.body.begin;
    std::string rebuilt(part.header.in(message));
    for (const auto child_index : part.children) {
      const auto& child = structure.parts[child_index];
      CHECK(child.parent == i);
      CHECK(child.header.begin >= at);
      rebuilt += message.substr(at, child.header.begin - at);
      rebuilt += child.header.in(message);
      rebuilt += child.body.in(message);
      at = child.body.end;
    }
    CHECK(at <= part.body.end);
    rebuilt += message.substr(at, part.body.end - at);
    CHECK(rebuilt == message.substr(part.header.begin, part.body.end - part.header.begin));
  }
}

Structure parsed(std::string_view message) {
  auto structure = Structure::parse(message);
  check_tiling(structure, message);
  return structure;
}

std::string body_of(const Structure& structure, std::string_view message, std::vector<std::uint32_t> path,
                    SectionText text = SectionText::Body) {
  const auto range = structure.section(path, text);
  return range ? std::string(range->in(message)) : "(none)";
}

// "1 multipart/mixed(text/plain image/png)"
std::string shape(const Structure& structure, std::uint32_t index = 0) {
  const auto& part = structure.parts[index];
  std::string out = std::string(part.type) + "/" + std::string(part.subtype);
  if (part.children.empty()) return out;
  out += "(";
  for (const auto child : part.children) out += (out.ends_with("(") ? "" : " ") + shape(structure, child);
  return out + ")";
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}
}  // namespace

TEST_CASE("structure: sections of the message in RFC 9051 §6.4.5.1") {
  const std::string message = crlf(
      "Subject: outer\nContent-Type: multipart/mixed; boundary=a\n\npreamble\n--a\nContent-Type: text/plain\n\none\n"
      "--a\nContent-Type: application/octet-stream\n\ntwo\n--a\nContent-Type: message/rfc822\n\nSubject: inner\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nthree one\n--b\nContent-Type: text/x\n\nthree two\n--b--\n"
      "--a\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: image/gif\n\nfour one\n--c\n"
      "Content-Type: message/rfc822\n\nSubject: deep\n\nfour two text\n--c--\n--a--\nepilogue\n");
  const auto structure = parsed(message);
  CHECK(shape(structure) ==
        "multipart/mixed(text/plain application/octet-stream message/rfc822(multipart/mixed(text/plain text/x)) "
        "multipart/mixed(image/gif message/rfc822(text/plain)))");
  const auto body = [&](std::vector<std::uint32_t> path) { return body_of(structure, message, std::move(path)); };
  CHECK(body({}) == message);
  CHECK(body({1}) == "one");
  CHECK(body({2}) == "two");
  CHECK(body({3}).starts_with("Subject: inner\r\n"));
  CHECK(body({3}).ends_with("three two\r\n--b--"));
  CHECK(body({3, 1}) == "three one");
  CHECK(body({3, 2}) == "three two");
  CHECK(body({4, 1}) == "four one");
  CHECK(body({4, 2}) == "Subject: deep\r\n\r\nfour two text");
  CHECK(body({4, 2, 1}) == "four two text");
  for (const auto& bad : std::vector<std::vector<std::uint32_t>>{
           {0}, {5}, {1, 1}, {2, 1}, {3, 3}, {3, 0}, {3, 1, 1}, {4, 3}, {4, 2, 2}, {4, 2, 1, 1}, {4, 1, 1}, {~0U}})
    CHECK(body(bad) == "(none)");
  CHECK(body_of(structure, message, {}, SectionText::Header).ends_with("boundary=a\r\n\r\n"));
  CHECK(body_of(structure, message, {}, SectionText::Text).starts_with("preamble"));
  CHECK(body_of(structure, message, {}, SectionText::Mime) == "(none)");
  CHECK(body_of(structure, message, {1}, SectionText::Mime) == "Content-Type: text/plain\r\n\r\n");
  CHECK(body_of(structure, message, {1}, SectionText::Header) == "(none)");
  CHECK(body_of(structure, message, {3}, SectionText::Mime) == "Content-Type: message/rfc822\r\n\r\n");
  CHECK(body_of(structure, message, {3}, SectionText::Header).starts_with("Subject: inner\r\n"));
  CHECK(body_of(structure, message, {3}, SectionText::Text).starts_with("--b\r\n"));
  CHECK(body_of(structure, message, {3, 1}, SectionText::Mime) == "\r\n");
  CHECK(body_of(structure, message, {4, 2}, SectionText::Header) == "Subject: deep\r\n\r\n");
  CHECK(body_of(structure, message, {4, 2}, SectionText::Text) == "four two text");
  CHECK(body_of(structure, message, {4, 2, 1}, SectionText::Mime) == "Subject: deep\r\n\r\n");
  CHECK(structure.envelope().subject == "outer");
  CHECK(structure.embedded_envelope(*structure.find(std::vector<std::uint32_t>{3})).subject == "inner");
  CHECK(structure.find(std::vector<std::uint32_t>{3})->lines == 10);
}

TEST_CASE("structure: a message that is not a multipart is its own part 1") {
  const std::string message = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\r\n\r\n";
  const auto structure = parsed(message);
  CHECK(body_of(structure, message, {1}) == "<p>\r\n\r\n");
  CHECK(body_of(structure, message, {1}, SectionText::Mime) == message.substr(0, message.size() - 7));
  CHECK(body_of(structure, message, {1, 1}) == "(none)");
  CHECK(body_of(structure, message, {2}) == "(none)");
  CHECK(structure.root().lines == 2);
}

TEST_CASE("structure: what the header does not say, or says wrongly") {
  struct Row {
    const char *name, *message, *shape;
  };
  const Row rows[] = {
      {"no header at all", "", "text/plain"},
      {"only an empty line", "\r\n", "text/plain"},
      {"no type", "Subject: x\n\nbody", "text/plain"},
      {"no subtype", "Content-Type: text\n\nbody", "text/plain"},
      {"nonsense type", "Content-Type: ;;;\n\nbody", "text/plain"},
      {"multipart without boundary", "Content-Type: multipart/mixed\n\n--x\n\na\n--x--\n", "text/plain"},
      {"multipart with an empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\na\n", "text/plain"},
      {"multipart without any delimiter", "Content-Type: multipart/mixed; boundary=x\n\nbody\n", "text/plain"},
      {"only a closing delimiter", "Content-Type: multipart/mixed; boundary=x\n\nbody\n--x--\n", "text/plain"},
      {"multipart without subtype", "Content-Type: multipart; boundary=x\n\n--x\n\na\n--x--\n", "multipart/mixed(text/plain)"},
      {"no closing delimiter", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x\n\nb", "multipart/mixed(text/plain text/plain)"},
      {"delimiter with padding", "Content-Type: multipart/mixed; boundary=x\n\n--x \t\n\na\n--x--  \n", "multipart/mixed(text/plain)"},
      {"a longer line is a delimiter", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--xy\n\nb\n--x--z\n", "multipart/mixed(text/plain text/plain)"},
      {"a shorter line is none", "Content-Type: multipart/mixed; boundary=xy\n\n--xy\n\n--x\n--xy--\n", "multipart/mixed(text/plain)"},
      {"no empty line before the first delimiter", "Content-Type: multipart/mixed; boundary=x\n--x\n\na\n--x--\n", "multipart/mixed(text/plain)"},
      {"nothing between an inner header and the outer delimiter",
       "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=y\n\n--x--",
       "multipart/mixed(message/rfc822(text/plain))"},
      {"delimiter after the end is text", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n--x\n\nb\n", "multipart/mixed(text/plain)"},
      {"header cut by a delimiter", "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: image/png\n--x\n\nb\n--x--", "multipart/mixed(image/png text/plain)"},
      {"empty parts", "Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x--", "multipart/mixed(text/plain text/plain)"},
      {"inner end missing",
       "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\n\na\n--x\n\nb\n--x--",
       "multipart/mixed(multipart/alternative(text/plain) text/plain)"},
      {"inner boundary begins with the outer one",
       "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; boundary=x-1\n\n--x-1\n\na\n--x-1--\n--x--",
       "multipart/mixed(multipart/alternative(text/plain))"},
      {"digest", "Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: y\n\na\n--x\nContent-Type: text/html\n\nb\n--x--",
       "multipart/digest(message/rfc822(text/plain) text/html)"},
      {"encoded message", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKeQ==", "application/octet-stream"},
      {"message/global", "Content-Type: message/global\n\nSubject: x\n\ny", "message/global(text/plain)"},
      {"message header without end", "Content-Type: message/rfc822\n", "message/rfc822(text/plain)"},
      {"first type counts", "Content-Type: text/html\nContent-Type: image/png\n\n", "text/html"},
      {"boundary in RFC 2231 form", "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n\na\n--ab--", "multipart/mixed(text/plain)"},
      {"mbox line", "From a@b Mon Jan  1 00:00:00 2001\nContent-Type: text/html\n\nx", "text/html"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(shape(parsed(row.message)) == row.shape);
    CHECK(shape(parsed(crlf(row.message))) == row.shape);
  }
}

TEST_CASE("structure: the same boundary inside and outside ends the inner part first") {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n--x--\n";
  CHECK(shape(parsed(message)) == "multipart/mixed(multipart/mixed(text/plain))");
}

TEST_CASE("structure: limits end the tree, never the message") {
  std::string nested, close;
  for (int i = 0; i < 500; ++i) {
    const auto number = std::to_string(i) + "z";
    nested += "Content-Type: multipart/mixed; boundary=b" + number + "\r\n\r\n--b" + number + "\r\n";
  }
  const auto deep = parsed(nested);
  CHECK(deep.parts.size() == StructureLimits{}.max_depth + 1);
  CHECK(deep.parts.back().is("application", "octet-stream"));

  std::string wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) wide += "--b\r\n\r\nx\r\n";
  CHECK(parsed(wide).parts.size() == StructureLimits{}.max_parts);

  std::string chain;
  for (int i = 0; i < 1000; ++i) chain += "Content-Type: message/rfc822\r\n\r\n";
  const auto messages = parsed(chain);
  CHECK(messages.parts.size() == StructureLimits{}.max_depth + 1);
}

TEST_CASE("structure: fields of a part, and the envelope") {
  const std::string message =
      "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.example>\r\nSubject:\r\n"
      "To: imap@cac.example\r\nTo: second@x\r\ncc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
      "Message-Id: <B27397-0100000@cac.example>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; name*0=\"a\";\r\n name*1=b\r\nContent-Transfer-Encoding: (c) 8BIT\r\n"
      "Content-ID: <id@x>\r\nContent-Description: folded\r\n\tone\r\nContent-MD5: Q2h1Y2s=\r\nContent-Language: en, ja\r\n"
      "Content-Location: http://x/\r\nContent-Disposition: attachment; filename=\"a\\\"b.txt\"\r\n\r\nx\r\n";
  const auto structure = parsed(message);
  const auto& part = structure.root();
  CHECK(part.type == "TEXT");
  CHECK(part.parameters == Parameters{{"CHARSET", "US-ASCII"}, {"name*0", "a"}, {"name*1", "b"}});
  CHECK(part.encoding == "8BIT");
  CHECK(part.id == "<id@x>");
  CHECK(part.description == "folded one");
  CHECK(part.md5 == "Q2h1Y2s=");
  CHECK(part.location == "http://x/");
  CHECK(part.languages == std::vector<std::string_view>{"en", "ja"});
  CHECK(part.disposition == Disposition{"attachment", {{"filename", "a\"b.txt"}}});
  const auto& envelope = structure.envelope();
  CHECK(envelope.date == "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)");
  CHECK(envelope.subject == "");
  CHECK(!envelope.in_reply_to);
  CHECK(envelope.message_id == "<B27397-0100000@cac.example>");
  CHECK(envelope.sender == envelope.from);
  CHECK(envelope.reply_to == envelope.from);
  REQUIRE(envelope.to.size() == 2);
  CHECK(envelope.to[1].mailbox == "second");
  REQUIRE(envelope.cc.size() == 2);
  CHECK(envelope.cc[1] == ListedAddress{ListedAddress::Kind::Mailbox, "John Klensin", "", "KLENSIN", "MIT.EDU"});
  CHECK(envelope.bcc.empty());
}

TEST_CASE("structure: encode and decode; every cut and most damage is refused") {
  const std::string message = crlf(
      "Subject: outer\nFrom: a@b\nReply-To: c@d\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Disposition: inline\n\n"
      "one\n--a\nContent-Type: message/rfc822\n\nSubject: inner\nTo: g:x@y;\n\ntext\n--a--\n");
  const auto structure = parsed(message);
  const auto bytes = structure.encode();
  const auto again = Structure::decode(bytes);
  REQUIRE(again);
  CHECK(again->parts == structure.parts);
  CHECK(again->envelopes == structure.envelopes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    CHECK_FALSE(Structure::decode(std::string_view(bytes).substr(0, cut)));
  CHECK_FALSE(Structure::decode(bytes + "x"));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const char with : {'\0', '\1', '\x7f', '\xff'}) {
      auto damaged = bytes;
      damaged[i] = with;
      if (const auto read = Structure::decode(damaged)) CHECK(read->encode().size() > 0);  // sound, or refused
    }
}

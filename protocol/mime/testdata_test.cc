// Messages and header values that others wrote (shared test data, see its README): every message is parsed, and values
// are compared with those of another parser. Where we differ the row is named below with the reason. Skipped, and said
// so, when the folder is not there: set HIKYAKU_TESTDATA, or have it as shared/testdata beside or above the tree.
#include <doctest/doctest.h>

#include <boost/json/src.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/date.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku;
using namespace hikyaku::mime;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {
// Disagreements with mail-parser that were looked into: "file: what", and why we read it as we do.
struct Known {
  std::string_view where, why;
};
constexpr Known known[] = {
    {"malformed/001: text", "they take \"--a\" for a delimiter of a part whose header declares none"},
    {"malformed/007: text", "the empty line between a header and a delimiter is no part"},
    {"malformed/009: text", "a delimiter of the outer multipart ends the inner one (RFC 2046 §5.1.2)"},
    {"malformed/011: text", "as malformed/009"},
    {"malformed/012: text", "as malformed/009"},
    {"malformed/016: ", "as malformed/009, with boundaries that begin alike: the outer one ends the inner ones"},
    {"malformed/019: text", "damaged in the middle of a character: other replacement"},
    {"malformed/020: text", "the first Content-Type counts: the parts inside are found"},
    {"malformed/021: text", "as malformed/020"},
    {"malformed/022: text", "an attached message without a header is still message/rfc822: its words are in its header"},
    {"rfc/000: text ... base64", "says base64, is not: they keep it as it is"},
    {"rfc/000: address", "only a comment: no address"},
    {"rfc/001: address", "one word without @ is a mailbox without a domain for us, a name for them"},
    {"rfc/004: address", "as rfc/001"},
    {"rfc/002: address", "a comment beside a name is no part of the name"},
    {"rfc/008: ", "a message/rfc822 in base64, which RFC 2046 §5.2.1 forbids, is not looked into"},
    {"thirdparty/002: text", "octets after the padding of base64 are decoded, not dropped"},
    {"thirdparty/005: text", "\"--1--\" does not begin a line"},
    {"thirdparty/010: content_type; comment", "of a repeated parameter the first counts"},
    {"address.json Pete(", "a comment beside a name is no part of the name"},
    {"address.json A Group(", "as Pete"},
    {"address.json (Empty list)", "as Pete"},
    {"address.json Name (comment)", "as Pete"},
    {"address.json Nathaniel Borenstein <nsb@thumper", "as Pete"},
    {"address.json John Doe <jdoe@machine(comment)", "as Pete; and space around the dots of a domain is dropped (RFC 5322 §4.4)"},
    {"address.json Mary Smith <@node.test", "the source route is kept apart from the address (RFC 5322 §4.4)"},
    {"content_type.json application/x-stuff", "RFC 2231 languages are not given"},
    {"content_type.json application/pdf", "the charset stands in the first piece only (RFC 2231 §4.1)"},
    {"content_type.json image/jpeg; name=\"=?iso-8859-1?B?4Q", "space between encoded words is dropped (RFC 2047 §6.2)"},
    {"content_type.json test/encoded", "languages, and a piece with a wrong number, are passed over"},
    {"content_type.json malicious/attempt", "no parameter names these"},
    {"date.json 20 11 (some 44", "a month in digits is not guessed"},
    {"date.json 4 8 15", "as 20 11"},
    {"date.json by 2002:", "the value of a Received field"},
    {"unstructured.json [SUSPECTED SPAM]", "no space is put in where there is none"},
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<fs::path> folder() {
  std::vector<fs::path> places;
  if (const char* named = std::getenv("HIKYAKU_TESTDATA")) places.emplace_back(named);
  for (const char* above : {"../shared/testdata", "../../shared/testdata"}) places.emplace_back(above);
  for (const auto& place : places)
    if (fs::is_directory(place / "mime")) return place / "mime";
  MESSAGE("test data of others is not here: skipped (set HIKYAKU_TESTDATA)");
  return std::nullopt;
}

std::vector<fs::path> files(const fs::path& where, std::string_view extension) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(where))
    if (entry.path().extension() == extension) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  char before = 0;
  for (const char c : text) {
    if (c == '\n' && before != '\r') out += '\r';
    out += before = c;
  }
  return out;
}

// Space is squeezed: where folds were is a matter of taste.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool white = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!white) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

void check_sound(std::string_view message) {
  const auto structure = Structure::parse(message);
  REQUIRE(structure.octets() == message.size());
  for (const auto& part : structure.parts) {
    REQUIRE(part.header.end == part.body.begin);
    std::uint64_t at = part.body.begin;
    for (const auto child : part.children) {
      REQUIRE(structure.parts[child].header.begin >= at);
      at = structure.parts[child].body.end;
    }
    REQUIRE(at <= part.body.end);
  }
  const auto bytes = structure.encode();
  const auto again = Structure::decode(bytes);
  REQUIRE(again);
  REQUIRE(again->parts == structure.parts);
  REQUIRE(again->envelopes == structure.envelopes);
  REQUIRE(is_valid_utf8(body_text(structure, message)));
  REQUIRE(is_valid_utf8(header_text(structure.root().header.in(message))));
}

// ---- the values of a message as a bag of texts, ours and theirs ----------------------------------------------------------

using Bag = std::multiset<std::string>;

std::string shown(const DateTime& date) {
  std::string out = "date ";
  for (const int part : {date.year, date.month, date.day, date.hour, date.minute, date.second, date.zone_minutes})
    out += std::to_string(part) + " ";
  return out;
}

std::string text_of(const json::value& value) { return value.is_string() ? std::string(value.as_string()) : ""; }

DateTime date_of(const json::object& object) {
  const auto number = [&](const char* name) { return static_cast<int>(object.at(name).to_number<int>()); };
  const int zone = number("tz_hour") * 60 + number("tz_minute");
  return {number("year"), number("month"), number("day"), number("hour"), number("minute"), number("second"),
          object.at("tz_before_gmt").as_bool() ? -zone : zone};
}

void add_addresses(Bag& bag, const json::value& value) {
  const auto one = [&](const json::value& address) {
    bag.insert("address " + squeezed(text_of(address.at("name"))) + "|" + text_of(address.at("address")));
  };
  if (const auto* list = value.as_object().if_contains("List"))
    for (const auto& address : list->as_array()) one(address);
  if (const auto* groups = value.as_object().if_contains("Group"))
    for (const auto& group : groups->as_array()) {
      if (!text_of(group.at("name")).empty()) bag.insert("group " + squeezed(text_of(group.at("name"))));
      for (const auto& address : group.at("addresses").as_array()) one(address);
    }
}

void add_addresses(Bag& bag, std::string_view value) {
  TextStore store;
  for (const auto& entry : parse_address_list(value, store)) {
    if (entry.kind == ListedAddress::Kind::GroupStart) bag.insert("group " + squeezed(decode_header_text(entry.mailbox)));
    if (entry.kind != ListedAddress::Kind::Mailbox) continue;
    std::string address(entry.mailbox);
    if (!entry.host.empty()) address += "@" + std::string(entry.host);
    bag.insert("address " + squeezed(decode_header_text(entry.name)) + "|" + address);
  }
}

void add_content(Bag& bag, std::string_view field, const json::object& content) {
  const auto member = [&](const char* name) { return content.if_contains(name) ? text_of(content.at(name)) : ""; };
  const auto subtype = member("c_subtype");
  bag.insert(std::string(field) + " " + ascii_lower(member("c_type")) + "/" + ascii_lower(subtype));
  const auto* attributes = content.if_contains("attributes");
  if (!attributes || !attributes->is_array()) return;
  for (const auto& attribute : attributes->as_array()) {
    const bool pair = attribute.is_array();
    const auto name = text_of(pair ? attribute.at(0) : attribute.at("name"));
    bag.insert(std::string(field) + "; " + ascii_lower(name) + "=" + squeezed(text_of(pair ? attribute.at(1) : attribute.at("value"))));
  }
}

void add_content(Bag& bag, std::string_view field, std::string_view value) {
  TextStore store;
  const auto content = parse_parameterised(value, store);
  bag.insert(std::string(field) + " " + ascii_lower(content.first) + "/" + ascii_lower(content.second));
  std::set<std::string> names;
  for (const auto& parameter : content.parameters)
    names.insert(ascii_lower(parameter.name.substr(0, parameter.name.find('*'))));
  for (const auto& name : names)
    if (const auto text = decoded_parameter(content.parameters, name))
      bag.insert(std::string(field) + "; " + name + "=" + squeezed(*text));
}

void add_theirs(Bag& bag, const json::value& message) {
  for (const auto& part : message.at("parts").as_array()) {
    for (const auto& header : part.at("headers").as_array()) {
      const auto name = text_of(header.at("name"));
      const auto& value = header.at("value");
      if (!value.is_object()) continue;
      const auto& object = value.as_object();
      if (name == "from" || name == "to" || name == "cc" || name == "reply_to") add_addresses(bag, object.at("Address"));
      if (name == "date") bag.insert(shown(date_of(object.at("DateTime").as_object())));
      if (name == "subject") bag.insert("subject " + squeezed(text_of(object.at("Text"))));
      if (name == "content_type" || name == "content_disposition") add_content(bag, name, object.at("ContentType").as_object());
    }
    const auto& body = part.at("body").as_object();
    for (const char* kind : {"Text", "Html"})
      if (const auto* text = body.if_contains(kind)) bag.insert("text " + squeezed(text_of(*text)));
    if (const auto* inner = body.if_contains("Message")) add_theirs(bag, *inner);
  }
}

void add_ours(Bag& bag, const Structure& structure, std::string_view message) {
  for (const auto& part : structure.parts) {
    HeaderReader reader(part.header.in(message));
    while (const auto field = reader.next()) {
      for (const char* name : {"From", "To", "Cc", "Reply-To"})
        if (field->is(name)) add_addresses(bag, field->value);
      if (field->is("Date"))
        if (const auto date = parse_date(field->value)) bag.insert(shown(*date));
      if (field->is("Subject")) bag.insert("subject " + squeezed(decode_header_text(field->value)));
      if (field->is("Content-Type")) add_content(bag, "content_type", field->value);
      if (field->is("Content-Disposition")) add_content(bag, "content_disposition", field->value);
    }
    if (part.kind != Part::Kind::Leaf) continue;
    const auto octets = decode_body(transfer_encoding(part.encoding), part.body.in(message));
    bag.insert("text " + squeezed(to_utf8(find_parameter(part.parameters, "charset").value_or(""), octets)));
  }
}

struct Tally {
  int same = 0, justified = 0, different = 0;
};

void compare(const std::string& where, const Bag& theirs, Bag ours, Tally& tally) {
  for (const auto& value : theirs) {
    if (const auto found = ours.find(value); found != ours.end()) {
      ours.erase(found), ++tally.same;
      continue;
    }
    const auto label = where + ": " + value.substr(0, 60);
    // Raw 8-bit text that they could not convert, and we guessed.
    bool justified = value.contains("\xef\xbf\xbd");
    for (const auto& [known_where, why] : known) justified = justified || label.starts_with(known_where);
    ++(justified ? tally.justified : tally.different);
    if (justified) continue;
    std::string near;
    for (const auto& mine : ours)
      if (mine.substr(0, mine.find_first_of(" ;")) == value.substr(0, value.find_first_of(" ;"))) near += "\n    ours: " + mine.substr(0, 200);
    FAIL_CHECK(label << "\n  theirs: " << value.substr(0, 200) << near);
  }
}
}  // namespace

TEST_CASE("test data: every message parses, whatever its line ends and wherever it is cut") {
  const auto where = folder();
  if (!where) return;
  int messages = 0;
  for (const auto& path : files(*where, ".eml")) {
    INFO(path.string());
    const auto message = read_file(path);
    check_sound(message);
    check_sound(with_crlf(message));
    for (std::size_t cut = 1; cut <= 10; ++cut) check_sound(std::string_view(message).substr(0, message.size() * cut / 11));
    ++messages;
  }
  MESSAGE(messages << " messages, all sound");
  CHECK(messages > 0);
}

TEST_CASE("test data: the values of messages are those of mail-parser") {
  const auto where = folder();
  if (!where) return;
  Tally tally;
  for (const auto& path : files(*where / "mail-parser" / "eml", ".json")) {
    auto message_path = path;
    const auto message = read_file(message_path.replace_extension(".eml"));
    Bag theirs, ours;
    add_theirs(theirs, json::parse(read_file(path)));
    add_ours(ours, Structure::parse(message), message);
    compare(path.parent_path().filename().string() + "/" + path.stem().string(), theirs, std::move(ours), tally);
  }
  MESSAGE(tally.same << " values agree, " << tally.justified << " differ for a reason given, " << tally.different << " differ");
  CHECK(tally.same > 300);
}

TEST_CASE("test data: header values are those of mail-parser") {
  const auto where = folder();
  if (!where) return;
  Tally tally;
  const auto rows = [&](const char* name) { return json::parse(read_file(*where / "mail-parser" / name)).as_array(); };
  for (const auto& row : rows("address.json")) {
    Bag theirs, ours;
    if (row.at("expected").is_object()) add_addresses(theirs, row.at("expected"));
    add_addresses(ours, text_of(row.at("header")));
    compare("address.json " + squeezed(text_of(row.at("header"))), theirs, std::move(ours), tally);
  }
  for (const auto& row : rows("content_type.json")) {
    Bag theirs, ours;
    if (row.at("expected").is_object()) add_content(theirs, "content", row.at("expected").as_object());
    add_content(ours, "content", text_of(row.at("header")));
    compare("content_type.json " + squeezed(text_of(row.at("header"))), theirs, std::move(ours), tally);
  }
  for (const auto& row : rows("date.json")) {
    Bag theirs, ours;
    if (row.at("expected").is_object()) theirs.insert(shown(date_of(row.at("expected").as_object())));
    if (const auto date = parse_date(text_of(row.at("header")))) ours.insert(shown(*date));
    compare("date.json " + squeezed(text_of(row.at("header"))), theirs, std::move(ours), tally);
  }
  for (const auto& row : rows("unstructured.json")) {
    // Their rows go on with the next field, to show where the value ends.
    const auto field = "X:" + text_of(row.at("header"));
    const auto first = HeaderReader(field).next();
    Bag theirs{squeezed(text_of(row.at("expected")))}, ours{first ? squeezed(decode_header_text(first->value)) : ""};
    compare("unstructured.json " + squeezed(text_of(row.at("header"))), theirs, std::move(ours), tally);
  }
  MESSAGE(tally.same << " values agree, " << tally.justified << " differ for a reason given, " << tally.different << " differ");
  CHECK(tally.same > 300);
}

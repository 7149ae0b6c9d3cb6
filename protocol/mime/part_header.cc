#include "protocol/mime/part_header.h"

#include "base/cursor.h"

namespace hikyaku::mime {
namespace {
// The first word of a value: comments (RFC 2045 §5.1) and whatever else follows it do not count.
std::string_view first_word(std::string_view line) {
  Cursor in(line);
  while (in.peek() == '(') {
    in.take_while([](char c) { return c != ')'; });
    in.take(')');
    in.take_while([](char c) { return c == ' ' || c == '\t'; });
  }
  return in.take_while([](char c) { return c != ' ' && c != '\t' && c != '(' && c != ';'; });
}

// Content-Language = 1#language-tag                                                             RFC 3282 §2
std::vector<std::string_view> read_languages(std::string_view line) {
  constexpr std::size_t most = 50;
  std::vector<std::string_view> languages;
  Cursor in(line);
  while (!in.at_end() && languages.size() < most) {
    in.take_while([](char c) { return c == ' ' || c == '\t' || c == ','; });
    const auto tag = first_word(in.take_while([](char c) { return c != ','; }));
    if (!tag.empty()) languages.push_back(tag);
  }
  return languages;
}

void read_content_type(std::string_view value, Part& part, TextStore& texts) {
  auto content = parse_parameterised(value, texts);
  // "multipart; boundary=x" is seen in the wild; its meaning is plain.
  if (content.second.empty() && equal_ignoring_case(content.first, "multipart")) content.second = "mixed";
  if (content.first.empty() || content.second.empty()) return;
  part.type = content.first, part.subtype = content.second;
  part.parameters = std::move(content.parameters);
}

void read_disposition(std::string_view value, Part& part, TextStore& texts) {
  auto content = parse_parameterised(value, texts);
  if (!content.first.empty()) part.disposition = Disposition{content.first, std::move(content.parameters)};
}

void keep_first(std::optional<std::string_view>& where, const HeaderField& field, TextStore& texts) {
  if (!where) where = unfold(field.value, texts);
}

void append(std::vector<ListedAddress>& list, const HeaderField& field, AddressLimits limits, TextStore& texts) {
  if (list.size() >= limits.max_entries) return;
  auto more = parse_address_list(field.value, texts, {limits.max_entries - list.size()});
  if (list.empty()) list = std::move(more);
  else list.insert(list.end(), more.begin(), more.end());
}
}  // namespace

void read_part_header(std::string_view header, DefaultType default_type, Part& part, TextStore& texts) {
  bool has_type = false, has_encoding = false;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!starts_with_ignoring_case(field->name, "Content-")) continue;
    if (field->is("Content-Type") && !has_type) {
      has_type = true, read_content_type(field->value, part, texts);
    } else if (field->is("Content-Transfer-Encoding") && !has_encoding) {
      const auto name = first_word(unfold(field->value, texts));
      if (!name.empty()) part.encoding = name, has_encoding = true;
    } else if (field->is("Content-Disposition") && !part.disposition) {
      read_disposition(field->value, part, texts);
    } else if (field->is("Content-Language") && part.languages.empty()) {
      part.languages = read_languages(unfold(field->value, texts));
    } else if (field->is("Content-ID")) {
      keep_first(part.id, *field, texts);
    } else if (field->is("Content-Description")) {
      keep_first(part.description, *field, texts);
    } else if (field->is("Content-MD5")) {
      keep_first(part.md5, *field, texts);
    } else if (field->is("Content-Location")) {
      keep_first(part.location, *field, texts);
    }
  }
  if (!part.type.empty()) return;
  const bool message = default_type == DefaultType::MessageRfc822 && !has_type;
  part.type = message ? "message" : "text", part.subtype = message ? "rfc822" : "plain";
  if (!message) part.parameters = {{"charset", "us-ascii"}};
}

EnvelopeStructure read_envelope(std::string_view header, AddressLimits limits, TextStore& texts) {
  EnvelopeStructure out;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (field->is("Date")) keep_first(out.date, *field, texts);
    else if (field->is("Subject")) keep_first(out.subject, *field, texts);
    else if (field->is("In-Reply-To")) keep_first(out.in_reply_to, *field, texts);
    else if (field->is("Message-ID")) keep_first(out.message_id, *field, texts);
    else if (field->is("From")) append(out.from, *field, limits, texts);
    else if (field->is("Sender")) append(out.sender, *field, limits, texts);
    else if (field->is("Reply-To")) append(out.reply_to, *field, limits, texts);
    else if (field->is("To")) append(out.to, *field, limits, texts);
    else if (field->is("Cc")) append(out.cc, *field, limits, texts);
    else if (field->is("Bcc")) append(out.bcc, *field, limits, texts);
  }
  // RFC 9051 §7.5.2: the server supplies From's where Sender or Reply-To are missing or empty.
  if (out.sender.empty()) out.sender = out.from;
  if (out.reply_to.empty()) out.reply_to = out.from;
  return out;
}

}  // namespace hikyaku::mime

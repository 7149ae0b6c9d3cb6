#include "services/delivery/onward/list_text.h"

#include <algorithm>
#include <unordered_set>

#include "base/cursor.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"
#include "protocol/mime/header_writer.h"
#include "services/directory/address_text.h"
#include "services/directory/mailing_list.h"

namespace hikyaku::delivery {
namespace {

using directory::Enabled;
using directory::ListRole;
using directory::MailingList;
using directory::Posting;

constexpr std::size_t most_line = 78;  // RFC 5322 §2.1.1
constexpr std::string_view subject_name = "Subject: ";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// RFC 6068 §2.
std::string mailto(std::string_view address, std::string_view subject = {}) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string uri = "<mailto:";
  for (const char c : address) {
    const bool plain = is_alpha(c) || is_digit(c) || c == '@' || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) uri += c;
    else (uri += '%') += {hex[static_cast<unsigned char>(c) >> 4], hex[static_cast<unsigned char>(c) & 15]};
  }
  if (!subject.empty()) uri += "?subject=" + std::string(subject);
  return uri + ">";
}

// Of a field with one address: what stands before a stray continuation, which the text began with, is ours.
std::string_view first_word(std::string_view value) {
  const auto text = trimmed(value);
  return text.substr(0, text.find_first_of(" \t\r\n"));
}

// A phrase before an angle bracket (RFC 5322 §3.2.5).
std::string phrase(std::string_view text) {
  if (text.empty()) return {};
  if (mime::needs_encoding(text)) return mime::encode_header_text(text, 9) + " ";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" ";
}

// RFC 2369 §3, RFC 2919 §3.
std::string list_fields(const MailingList& list) {
  const auto request = directory::list_role_address(list.address, ListRole::Request);
  mime::HeaderWriter out;
  out.field("List-Id", phrase(list.about) + "<" + directory::list_id(list) + ">");
  if (list.posting == Posting::Listed) out.field("List-Post", "NO");
  else out.field("List-Post", mailto(list.address) + (list.posting == Posting::Moderators ? " (Postings are Moderated)" : ""));
  out.field("List-Help", mailto(request, "help"));
  out.field("List-Subscribe", mailto(request, "subscribe"));
  out.field("List-Unsubscribe", mailto(request, "unsubscribe"));
  out.field("List-Owner", mailto(directory::list_role_address(list.address, ListRole::Owner)));
  out.field("Precedence", "list");
  out.field("X-Loop", list.address);
  if (list.reply_to_list == Enabled::Yes) out.field("Reply-To", list.address);
  return out.fields();
}

bool is_replaced(const mime::HeaderField& field, const MailingList& list) {
  static const std::unordered_set<std::string> names{"list-id",    "list-post",        "list-help",           "list-subscribe",              "list-unsubscribe",
                                                     "list-owner", "list-archive",     "list-unsubscribe-post", "precedence",                "return-receipt-to",
                                                     "x-confirm-reading-to", "disposition-notification-to", "disposition-notification-options"};
  const auto name = ascii_lower(field.name);
  return names.contains(name) || (name == "reply-to" && list.reply_to_list == Enabled::Yes);
}

std::string prefixed_subject(std::string_view prefix, std::string_view value) {
  const auto old = trimmed(value);
  // An encoded word runs together with one that follows it, so the space goes inside (RFC 2047 §6.2).
  const std::string_view inner_space = old.starts_with("=?") ? " " : "";
  std::string line(subject_name);
  line += mime::needs_encoding(prefix) ? mime::encode_header_text(std::string(prefix) + std::string(inner_space), subject_name.size()) : std::string(prefix);
  if (old.empty()) return line + "\r\n";
  const auto first = old.substr(0, old.find_first_of("\r\n"));
  const auto used = line.size() - (line.rfind('\n') == std::string::npos ? 0 : line.rfind('\n') + 1);
  line += used + 1 + first.size() > most_line ? "\r\n " : " ";
  return line + std::string(old) + "\r\n";
}

bool has_prefix(std::string_view subject, std::string_view prefix) {
  return ascii_lower(mime::decode_header_text(subject)).find(ascii_lower(prefix)) != std::string::npos;
}

void add_line_end(std::string& text) {
  if (!text.empty() && !text.ends_with('\n')) text += "\r\n";
}

// Calls `see` with each field until it returns true. Whether it did.
template <class See>
bool any_field(std::string_view text, See see) {
  mime::HeaderReader fields(text);
  while (const auto field = fields.next())
    if (see(*field)) return true;
  return false;
}

std::string_view inside_brackets(std::string_view value) {
  const auto open = value.rfind('<');
  const auto close = value.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return trimmed(value);
  return value.substr(open + 1, close - open - 1);
}

}  // namespace

std::string list_text(const MailingList& list, std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1024);
  mime::HeaderReader fields(text);
  bool subject_seen = list.subject_prefix.empty();
  while (const auto field = fields.next()) {
    if (is_replaced(*field, list)) continue;
    const bool is_subject = !subject_seen && field->is("Subject");
    subject_seen |= is_subject;
    if (is_subject && !has_prefix(field->value, list.subject_prefix)) out += prefixed_subject(list.subject_prefix, field->value);
    else out += field->whole;
    add_line_end(out);
  }
  if (!subject_seen) out += prefixed_subject(list.subject_prefix, {});
  out += list_fields(list);
  const auto rest = text.substr(fields.position());
  if (rest.empty()) return out + "\r\n";
  return out += rest;
}

bool went_through_list(const MailingList& list, std::string_view text) {
  const auto id = directory::list_id(list);
  return any_field(text, [&](const mime::HeaderField& field) {
    if (field.is("X-Loop")) return equal_ignoring_case(first_word(field.value), list.address);
    return field.is("List-Id") && equal_ignoring_case(inside_brackets(field.value), id);
  });
}

bool was_delivered_to(std::span<const Address> accounts, std::string_view text) {
  std::unordered_set<std::string> names;
  for (const auto& account : accounts) names.insert(directory::fold(account));
  return any_field(text, [&](const mime::HeaderField& field) {
    return field.is("Delivered-To") && names.contains(directory::fold_pattern(inside_brackets(first_word(field.value))));
  });
}

bool is_automatic_answer(std::string_view text) {
  return any_field(text, [](const mime::HeaderField& field) {
    return field.is("Auto-Submitted") && ascii_lower(trimmed(field.value)).starts_with("auto-replied");
  });
}

std::string forwarded_text(std::span<const Address> accounts, std::string_view text) {
  std::string out;
  for (const auto& account : accounts) out += "Delivered-To: " + account.text() + "\r\n";
  return out += text;
}

}  // namespace hikyaku::delivery

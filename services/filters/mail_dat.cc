#include "services/filters/mail_dat.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>

#include "base/cursor.h"
#include "services/filters/mail_dat_text.h"
#include "services/policy/dns_list.h"

namespace hikyaku::filters {
namespace {

using directory::BadRow;
using directory::ContentAction;
using directory::ContentCondition;
using directory::ContentMode;
using directory::ContentPart;
using directory::ContentRow;

constexpr std::size_t longest_name = 60, longest_prefix_tail = 30, number_digits = 4, longest_note = 500;
constexpr std::string_view unreadable = "\xef\xbf\xbd";  // U+FFFD

struct Meaning {
  ContentAction action = ContentAction::Refuse;
  ContentMode mode = ContentMode::Enforce;
  std::vector<std::string> remarks;

  void remark(std::string text) {
    if (std::ranges::find(remarks, text) == remarks.end()) remarks.push_back(std::move(text));
  }
  // Not known well enough to act on.
  void shadow(std::string why) {
    mode = ContentMode::Shadow;
    remark(std::move(why));
  }
};

// "110": refuse, and keep a copy. What each digit means is told in docs/guide/filters.md.
Result<void, std::string> read_level(std::string_view level, Meaning& meaning) {
  const bool digits = !level.empty() && std::ranges::all_of(level, is_digit);
  if (!digits || level.size() < 2 || level.size() > 3) return failure("\"" + std::string(level) + "\" is no level that is published; write one such as 100, 510 or 000.");
  const bool two = level.size() == 2;
  const char action = level[0], copy = level[1], third = two ? '0' : level[2];
  if (copy > '1' || third > '1' || (two && action > '2')) return failure("What the level " + std::string(level) + " does is told by E-Post's help alone; write in its place what you want (Level:100 refuses, Level:510 quarantines, Level:000 lets pass) and import again.");
  switch (action) {
    case '0': meaning.action = ContentAction::Pass; break;
    case '1': meaning.action = ContentAction::Refuse; break;
    case '2': meaning.action = ContentAction::Tag, meaning.remark("The text is left as it is; the field X-Content-Filter is put in instead of a warning."); break;
    case '3': meaning.action = ContentAction::Tag, meaning.remark("The subject is left as it is; the field X-Content-Filter is put in instead of the tag."); break;
    case '5': meaning.action = ContentAction::Quarantine; break;
    default: return failure("What the level " + std::string(level) + " does is told by E-Post's help alone; write in its place what you want (Level:100 refuses, Level:510 quarantines, Level:000 lets pass) and import again.");
  }
  if (two) meaning.shadow("In shadow: a level of two digits is SPA's, and may mean another thing to E-Post.");
  if (action == '5' && copy == '0') meaning.shadow("In shadow: what E-Post does with mail that it quarantines without a copy is not published.");
  if (action == '1' && copy == '1') meaning.remark("No copy is kept of what is refused, the log says what was found; to keep the mail: hikyaku policy content set NAME --action quarantine");
  if ((action == '0' || action == '2' || action == '3') && copy == '1') meaning.remark("No copy is kept of what is delivered.");
  if (third == '1') meaning.remark("The client's address is put into no table; for that see: hikyaku policy deny");
  return {};
}

// Words as E-Post has them: a slash at both ends is no expression, and * stands for anything.
std::string pattern_of(std::string_view words, Meaning& meaning) {
  const bool expression = words.size() >= 3 && words.starts_with('/') && words.ends_with('/');
  if (words.find('*') == std::string_view::npos && !expression) return std::string(words);
  std::string out = "/(?i)";
  for (std::size_t at = 0; at <= words.size();) {
    const auto star = std::min(words.find('*', at), words.size());
    const auto literal = words.substr(at, star - at);
    out += RE2::QuoteMeta(re2::StringPiece(literal.data(), literal.size()));
    if (star < words.size()) out += ".*";
    at = star + 1;
  }
  if (words.find('*') != std::string_view::npos) meaning.shadow("In shadow: how E-Post reads * is not published; here it stands for any characters.");
  return out + "/";
}

// ".exe" of "*.exe": our own form of an ending.
std::string attachment_of(std::string_view words, Meaning& meaning) {
  meaning.shadow("In shadow: how E-Post reads Attach: is not published; here it is looked for in the attachments' names.");
  if (words.starts_with("*.") && words.find('*', 1) == std::string_view::npos) return std::string(words.substr(1));
  return pattern_of(words, meaning);
}

bool looks_at_raw_text(std::string_view line) { return line.find('<') != std::string_view::npos || starts_with_ignoring_case(line, "Content-") || starts_with_ignoring_case(line, "name=") || starts_with_ignoring_case(line, "filename="); }

ContentCondition condition_of(const MailDatItem& item, Meaning& meaning) {
  switch (item.kind) {
    case MailDatItem::Kind::Header: return {ContentPart::Header, item.field, pattern_of(item.value, meaning)};
    case MailDatItem::Kind::Attach: return {ContentPart::Attachment, {}, attachment_of(item.value, meaning)};
    case MailDatItem::Kind::Body: break;
  }
  if (looks_at_raw_text(item.value)) meaning.remark("The text is looked at as people read it: a line of Body: about tags or about fields of attachments finds nothing.");
  return {ContentPart::Body, {}, pattern_of(item.value, meaning)};
}

// What must all be found. A word that stands there in several encodings is one condition.
std::vector<ContentCondition> conditions_of(const MailDatBlock& block, Meaning& meaning) {
  std::vector<ContentCondition> conditions;
  for (const auto& item : block.items) {
    if (item.value.empty()) {
      meaning.shadow("In shadow: whether an empty item asks for nothing or for an empty field is not published.");
      continue;
    }
    auto condition = condition_of(item, meaning);
    if (std::ranges::find(conditions, condition) != conditions.end()) continue;
    const bool another = std::ranges::any_of(conditions, [&](const auto& one) { return one.part == condition.part && equal_ignoring_case(one.field, condition.field); });
    if (another) meaning.shadow("In shadow: whether one or all of several lines of a kind must be found is not published; here all must.");
    conditions.push_back(std::move(condition));
  }
  if (block.comment_in_body) meaning.shadow("In shadow: whether ' begins a comment between Body: and BodyEnd: is not published; here it does.");
  return conditions;
}

// Letters that a row's name may have; others are one hyphen.
std::string name_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.') out += c;
    else if (!out.empty() && out.back() != '-') out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string note_of(const MailDatBlock& block) {
  std::string note = block.name;
  if (!block.warning.empty()) (note += note.empty() ? "" : ": ") += block.warning;
  if (note.size() > longest_note) {
    auto end = longest_note;
    while (end > 0 && is_eight_bit(note[end]) && (static_cast<unsigned char>(note[end]) & 0xc0U) == 0x80U) --end;
    note.resize(end);
  }
  for (char& c : note)
    if (is_ctl(c)) c = ' ';
  return note;
}

bool has_unreadable(const MailDatBlock& block) {
  return std::ranges::any_of(block.items, [](const MailDatItem& item) { return item.value.find(unreadable) != std::string::npos || item.field.find(unreadable) != std::string::npos; });
}

Result<ContentRow, std::string> row_of(const MailDatBlock& block, std::size_t number, const MailDatTerms& terms, Meaning& meaning) {
  if (block.levels != 1) return failure(std::string("The block has no level, or several; write one Level: line."));
  TRY_VOID(read_level(block.level, meaning));
  if (!block.unknown.empty()) return failure("What line " + std::to_string(block.unknown.front()) + " means is not published, and without it the block might concern other mail; take the line out, or write the row anew.");
  if (has_unreadable(block)) return failure(std::string("Characters of the block cannot be read; write the file in UTF-8 or Shift_JIS."));
  auto conditions = conditions_of(block, meaning);
  if (conditions.empty()) return failure(std::string("The block asks for nothing that could be looked for, and would concern all mail; write the row anew."));
  ContentRow row{.name = mail_dat_row_name(terms.prefix, number, block.name), .part = conditions.front().part, .field = conditions.front().field, .pattern = conditions.front().pattern, .action = meaning.action, .mode = meaning.mode,
                 .recipient = terms.recipient, .note = note_of(block), .added = terms.added};
  row.also.assign(std::make_move_iterator(conditions.begin() + 1), std::make_move_iterator(conditions.end()));
  return directory::normal_content_row(std::move(row));
}

// Lists are the settings'; what differs is told.
Result<std::vector<ImportedList>, std::string> lists_of(const MailDatBlock& block, const MailDatTerms& terms) {
  Meaning meaning;
  if (block.levels != 1) return failure(std::string("The block has no level, or several; write one Level: line."));
  TRY_VOID(read_level(block.level, meaning));
  if (!terms.recipient.empty()) return failure(std::string("A list of links (RBL:) counts for everybody here, and not for one user; take the block out, and name the list in [policy] uri_lists if all are to have it."));
  if (!block.items.empty() || !block.unknown.empty()) return failure(std::string("The block asks a list of links (RBL:) and for more besides, which has no counterpart; make two blocks of it."));
  if (meaning.action == ContentAction::Pass) return failure(std::string("A list of links (RBL:) whose mail is to pass has no counterpart; take the block out."));
  std::vector<ImportedList> lists;
  for (const auto& list : block.lists) {
    const auto known = policy::parse_dns_list(list.zone);
    if (!known || !known->meanings.empty()) return failure("\"" + list.zone + "\" is no zone of a list; write one such as multi.surbl.org.");
    std::vector<std::string> remarks;
    if (meaning.action == ContentAction::Quarantine) remarks.push_back("A list of links refuses or tags here, and does not quarantine; refuse is meant.");
    if (list.terms.find_first_of("0123456789") < list.terms.find('"')) remarks.push_back("The name servers of [delivery] resolvers are asked, and not the one that stands there.");
    if (list.terms.find('"') != std::string::npos) remarks.push_back("The white list of hosts is not read; write its hosts into uri_exempt under [policy].");
    lists.push_back({list.line, block.name, known->zone, meaning.action == ContentAction::Tag ? ContentAction::Tag : ContentAction::Refuse, std::move(remarks)});
  }
  return lists;
}

// From the first block that might let mail pass and is not in force, what is below would refuse mail that E-Post took.
class Unsettled {
 public:
  explicit Unsettled(const std::vector<BadRow>& bad) {
    for (const auto& row : bad) at(row.line);
  }
  void at(std::size_t line) { line_ = line_ == 0 ? line : std::min(line_, line); }
  void settle(ImportedBlock& block) const {
    const auto& row = block.row;
    if (line_ == 0 || line_ > block.line || row.mode != ContentMode::Enforce || (row.action != ContentAction::Refuse && row.action != ContentAction::Quarantine)) return;
    block.row.mode = ContentMode::Shadow;
    block.remarks.push_back("In shadow: what line " + std::to_string(line_) + " begins might let this mail pass before, and is not in force.");
  }

 private:
  std::size_t line_ = 0;
};

}  // namespace

ParsedMailDat parse_mail_dat(std::string_view octets, const MailDatTerms& terms) {
  auto text = read_mail_dat(octets);
  Unsettled unsettled(text.bad);
  ParsedMailDat parsed;
  for (std::size_t i = 0; i < text.blocks.size(); ++i) {
    const auto& block = text.blocks[i];
    if (!block.lists.empty()) {
      auto lists = lists_of(block, terms);
      if (block.level.starts_with('0')) unsettled.at(block.line);
      if (!lists) text.bad.push_back({block.line, std::move(lists).error()});
      else std::ranges::move(*lists, std::back_inserter(parsed.lists));
      continue;
    }
    Meaning meaning{.action = ContentAction::Pass};  // what is not known may be that
    auto row = row_of(block, i + 1, terms, meaning);
    if (meaning.action == ContentAction::Pass && (!row || meaning.mode == ContentMode::Shadow)) unsettled.at(block.line);
    if (!row) {
      text.bad.push_back({block.line, std::move(row).error()});
      continue;
    }
    parsed.blocks.push_back({block.line, block.name, *std::move(row), std::move(meaning.remarks)});
    unsettled.settle(parsed.blocks.back());
  }
  parsed.bad = std::move(text.bad);
  return parsed;
}

std::string mail_dat_prefix(std::string_view table, std::string_view recipient) {
  if (recipient.empty()) return std::string(table);
  // "_" stands in no domain, so the last one is the address's own "@".
  std::string whose(recipient);
  if (const auto at = whose.rfind('@'); at != std::string::npos) whose[at] = '_';
  const bool is_a_name = std::ranges::all_of(whose, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
  if (!is_a_name || whose.size() > longest_prefix_tail) {
    std::uint32_t hash = 2'166'136'261;  // FNV-1a
    for (const char c : recipient) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", hash);
    whose = name_part(whose).substr(0, longest_prefix_tail - 9) + "-" + digits;
  }
  return std::string(table) + "-of-" + whose;
}

std::string mail_dat_row_name(std::string_view prefix, std::size_t number, std::string_view name) {
  auto digits = std::to_string(number);
  digits.insert(0, number_digits - std::min(number_digits, digits.size()), '0');
  auto out = std::string(prefix) + "-" + digits;
  if (const auto part = name_part(name); !part.empty()) out += "-" + part;
  return out.substr(0, longest_name);
}

bool is_mail_dat_row(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() < prefix.size() + 1 + number_digits || name[prefix.size()] != '-') return false;
  const auto rest = name.substr(prefix.size() + 1);
  return std::ranges::all_of(rest.substr(0, number_digits), is_digit) && (rest.size() == number_digits || rest[number_digits] == '-');
}

}  // namespace hikyaku::filters

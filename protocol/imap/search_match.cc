#include "protocol/imap/search_match.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/mime/date.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"

namespace hikyaku::imap {
namespace {

using std::chrono::floor;
using std::chrono::sys_days;

// HEADER <field> <string>: the field is there and, unless the string is empty, contains it.
bool header_matches(const SearchKey& key, std::string_view header) {
  mime::HeaderReader fields(header);
  while (const auto field = fields.next()) {
    if (!field->is(key.name)) continue;
    if (key.text->needle().empty() || key.text->found_in_raw(mime::decode_header_text(field->value))) return true;
  }
  return false;
}

std::optional<sys_days> sent_day(std::string_view header) {
  const auto field = mime::find_field(header, "Date");
  if (!field) return std::nullopt;
  const auto date = mime::parse_date(field->value);
  if (!date) return std::nullopt;
  return sys_days(date->calendar_day());
}

sys_days day_of(const SearchSubject& subject, WallTime when) { return floor<std::chrono::days>(when + subject.zone(when)); }

bool day_matches(SearchKind kind, sys_days day, sys_days wanted) {
  switch (kind) {
    case SearchKind::Before:
    case SearchKind::SentBefore:
    case SearchKind::SavedBefore: return day < wanted;
    case SearchKind::On:
    case SearchKind::SentOn:
    case SearchKind::SavedOn: return day == wanted;
    default: return day >= wanted;
  }
}

bool text_matches(const SearchKey& key, SearchSubject& subject) {
  return key.text->found_in_raw(mime::header_text(subject.header())) || key.text->found_in(subject.normalised_body());
}

}  // namespace

bool matches(const SearchKey& key, SearchSubject& subject, WallTime now) {
  using enum SearchKind;
  const auto holds = [&](const SearchKey& child) { return matches(child, subject, now); };
  switch (key.kind) {
    case All: return true;
    case And: return std::ranges::all_of(key.children, holds);
    case Or: return std::ranges::any_of(key.children, holds);
    case Not: return !holds(key.children.front());
    case HasFlag: return subject.flags().has(key.flag);
    case HasKeyword: return subject.flags().has_keyword(key.name);
    case Uids: return key.uids.contains(subject.uid());
    case SearchKind::Recent:
    case New:
    case Old:
    case Numbers: return false;  // the session turned them into UIDs
    case Header: return header_matches(key, subject.header());
    case Body: return key.text->found_in(subject.normalised_body());
    case Text: return text_matches(key, subject);
    case Before:
    case On:
    case Since: return day_matches(key.kind, day_of(subject, subject.internal_date()), key.day);
    case SentBefore:
    case SentOn:
    case SentSince: {
      const auto day = sent_day(subject.header());
      return day && day_matches(key.kind, *day, key.day);
    }
    case SavedBefore:
    case SavedOn:
    case SavedSince: {
      // RFC 8514 §4.2: without a save date the internal date stands in.
      const auto saved = subject.save_date().value_or(subject.internal_date());
      return day_matches(key.kind, day_of(subject, saved), key.day);
    }
    case SaveDateSupported: return subject.save_date().has_value();
    case Larger: return subject.size_octets() > key.number;
    case Smaller: return subject.size_octets() < key.number;
    // RFC 5032 §3: within or not within the last so many seconds.
    case Older: return subject.internal_date() <= now - std::chrono::seconds(std::min<std::uint64_t>(key.number, 1ull << 32));
    case Younger: return subject.internal_date() > now - std::chrono::seconds(std::min<std::uint64_t>(key.number, 1ull << 32));
    case ModSeq: return subject.modseq() >= key.number;
    case EmailId: return !key.name.empty() && subject.email_id() == key.name;
    case ThreadId: return false;  // we keep no threads
  }
  return false;
}

}  // namespace hikyaku::imap

// SEARCH's keys (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 5032 WITHIN, RFC 7162 MODSEQ, RFC 8474, RFC 8514), parsed. The
// session turns what only it knows (sequence numbers, "$", \Recent) into UIDs; search_match.h looks at the messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/imap/grammar.h"
#include "protocol/imap/values.h"
#include "protocol/mime/search_text.h"

namespace hikyaku::imap {

enum class SearchKind : std::uint8_t {
  All, And, Or, Not,
  HasFlag, HasKeyword, Recent, New, Old,
  Numbers, Uids,
  Header, Body, Text,
  Before, On, Since, SentBefore, SentOn, SentSince, SavedBefore, SavedOn, SavedSince, SaveDateSupported,
  Larger, Smaller, Older, Younger, ModSeq, EmailId, ThreadId,
};

struct SearchKey {
  SearchKind kind = SearchKind::All;
  SystemFlag flag = Seen;                 // HasFlag
  std::string name;                       // HasKeyword, Header's field, EmailId
  std::optional<mime::Matcher> text;      // Header, Body, Text
  SequenceSet set;                        // Numbers, Uids as the client wrote them
  NumberSet uids;                         // Uids, once the session resolved them
  std::chrono::sys_days day{};            // Before ... SavedSince
  std::uint64_t number = 0;               // octets, seconds or MODSEQ
  std::vector<SearchKey> children;        // And, Or, Not
  std::uint8_t cost_of_children = 0;      // the most of theirs, as the parser orders by it

  [[nodiscard]] bool mentions(SearchKind wanted) const;
};

// A client's search is refused beyond these.
constexpr int search_depth_limit = 300;  // "any of 100 senders" is OR in OR, often with parentheses between
constexpr std::size_t search_keys_limit = 4'000;

// search-key *(SP search-key): an And of all keys up to the end of the command, cheap keys first.
// Strings are taken to be in `charset` (known to mime).
[[nodiscard]] Parsed<SearchKey> parse_search_program(Cursor& in, const std::string& charset);

}  // namespace hikyaku::imap

// search = "SEARCH" [SP "RETURN" SP "(" [options] ")"] SP ["CHARSET" SP charset SP] search-key *(SP search-key)
// RFC 9051 §6.4.4, RFC 4731 (ESEARCH), RFC 5182 (SAVE and "$"), RFC 7162 §3.1.5
#include <algorithm>

#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"
#include "protocol/mime/charset.h"

namespace hikyaku::imap::commands {
namespace {

enum ReturnOption : std::uint8_t { ReturnMin = 1, ReturnMax = 2, ReturnAll = 4, ReturnCount = 8, ReturnSave = 16 };

struct SearchCommand {
  bool extended = false;
  std::uint8_t options = 0;
  bool names_charset = false;
  std::string charset = "UTF-8";
  SearchKey key;
};

// "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
Parsed<std::uint8_t> parse_return_options(Cursor& in) {
  constexpr std::pair<std::string_view, ReturnOption> names[] = {
      {"MIN", ReturnMin}, {"MAX", ReturnMax}, {"ALL", ReturnAll}, {"COUNT", ReturnCount}, {"SAVE", ReturnSave}};
  std::uint8_t options = 0;
  while (!in.take(')')) {
    const auto start = in.position();
    TRY(word, parse_atom(in));
    const auto known = std::ranges::find_if(names, [&](const auto& each) { return equal_ignoring_case(each.first, word); });
    if (known == std::end(names)) {
      in.rewind_to(start);
      return in.expected("a return option of SEARCH");
    }
    options |= known->second;
    if (in.peek() != ')') TRY_VOID(parse_space(in));
  }
  return options == 0 ? static_cast<std::uint8_t>(ReturnAll) : options;  // RFC 4731 §3.1
}

// All but the search program, whose strings need the charset.
Parsed<SearchCommand> parse_search_head(Cursor& in) {
  SearchCommand command;
  TRY_VOID(parse_space(in));
  if (in.take_ignoring_case("RETURN (")) {
    command.extended = true;
    TRY(options, parse_return_options(in));
    command.options = options;
    TRY_VOID(parse_space(in));
  }
  if (in.take_ignoring_case("CHARSET ")) {
    TRY(charset, parse_astring(in));
    command.charset = std::move(charset);
    command.names_charset = true;
    TRY_VOID(parse_space(in));
  }
  return command;
}

NumberSet recent_of(const Selected& selected) { return selected.uids.present(selected.recent); }

SearchKey of_uids(NumberSet uids) {
  SearchKey key{.kind = SearchKind::Uids};
  key.uids = std::move(uids);
  return key;
}

// Puts UIDs where the key speaks of what only the session knows.
void resolve_key(const Selected& selected, SearchKey& key) {
  for (auto& child : key.children) resolve_key(selected, child);
  switch (key.kind) {
    case SearchKind::Uids:
      key.uids = key.set.saved_result ? selected.saved : NumberSet::resolve(key.set, selected.uids.largest_uid());
      break;
    case SearchKind::Numbers:
      key.kind = SearchKind::Uids;
      key.uids = key.set.saved_result ? selected.saved
                                      : selected.uids.uids_of(NumberSet::resolve(key.set, selected.uids.size()));
      break;
    case SearchKind::Recent: key = of_uids(recent_of(selected)); break;
    case SearchKind::Old:
    case SearchKind::New: {
      // OLD is NOT RECENT, NEW is RECENT UNSEEN (RFC 3501 §6.4.4).
      const bool is_new = key.kind == SearchKind::New;
      SearchKey recent = of_uids(recent_of(selected)), negated{.kind = SearchKind::Not}, both{.kind = SearchKind::And};
      negated.children.push_back(is_new ? SearchKey{.kind = SearchKind::HasFlag, .flag = Seen} : std::move(recent));
      if (is_new) {
        both.children.push_back(std::move(recent));
        both.children.push_back(std::move(negated));
      }
      key = is_new ? std::move(both) : std::move(negated);
      break;
    }
    default: break;
  }
}

// The found messages as the client counts them.
NumberSet as_numbered(const Conversation& talk, const NumberSet& uids) {
  if (talk.numbered_by == NumberedBy::Uid) return uids;
  NumberSet numbers;
  for (const auto& range : uids.ranges()) {
    // Consecutive UIDs that are all here have consecutive numbers.
    numbers.add_range(talk.selected->uids.number_of(range.first), talk.selected->uids.number_of(range.last));
  }
  return numbers;
}

void print_esearch(Conversation& talk, std::string_view tag, const SearchCommand& command, const NumberSet& numbers,
                   std::optional<std::uint64_t> modseq) {
  talk.out += "* ESEARCH (TAG ";
  print_string(talk.out, tag);
  talk.out += ')';
  if (talk.numbered_by == NumberedBy::Uid) talk.out += " UID";
  const auto number = [&](std::string_view name, std::uint64_t value) {
    talk.out += name;
    print_number(talk.out, value);
  };
  const auto options = command.options;
  if ((options & ReturnMin) && !numbers.empty()) number(" MIN ", numbers.smallest());
  if ((options & ReturnMax) && !numbers.empty()) number(" MAX ", numbers.largest());
  if ((options & ReturnAll) && !numbers.empty()) talk.out += " ALL ", print_number_set(talk.out, numbers);
  if (options & ReturnCount) number(" COUNT ", numbers.count());
  if (modseq && !numbers.empty()) number(" MODSEQ ", *modseq);
  talk.out += "\r\n";
}

// "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]       RFC 3501 §7.2.5, RFC 7162 §3.1.6
Task<void> print_search(Conversation& talk, NumberSet numbers, std::optional<std::uint64_t> modseq) {
  talk.out += "* SEARCH";
  for (const auto& range : numbers.ranges()) {
    for (std::uint64_t number = range.first; number <= range.last; ++number) {
      talk.out += ' ';
      print_number(talk.out, number);
      if ((number & 1023) == 0) co_await talk.room();
    }
    co_await talk.room();
  }
  if (modseq && !numbers.empty()) {
    talk.out += " (MODSEQ ";
    print_number(talk.out, *modseq);
    talk.out += ')';
  }
  talk.out += "\r\n";
}

// Only the first or the last message, or both, are asked for.
bool only_ends(std::uint8_t options) {
  return (options & (ReturnMin | ReturnMax)) && !(options & (ReturnAll | ReturnCount));
}

NumberSet ends_of(std::uint8_t options, const NumberSet& uids) {
  NumberSet ends;
  if (uids.empty()) return ends;
  if (options & ReturnMin) ends.add(uids.smallest());
  if (options & ReturnMax) ends.add(uids.largest());
  return ends;
}

// RFC 5182 §2.1: SAVE with MIN or MAX alone keeps just these.
void save_result(Selected& selected, std::uint8_t options, const NumberSet& uids) {
  selected.saved = only_ends(options) ? ends_of(options, uids) : uids;
}

// RFC 7162 §3.1.10: the greatest MODSEQ of the messages that are told.
Task<std::uint64_t> modseq_of_told(Conversation& talk, std::uint8_t options, const Found& found) {
  NumberSet ends = ends_of(options, found.uids);
  if (!only_ends(options) || ends.empty()) co_return found.highest_modseq;
  std::uint64_t highest = 0;
  FetchRecords wanted{talk.selected->key, std::move(ends), NeedFlags, 0};
  auto records = co_await talk.ask(std::move(wanted));
  if (!records) co_return found.highest_modseq;
  for (const auto& record : records->records) highest = std::max(highest, record.modseq);
  co_return highest;
}

}  // namespace

Task<Reply> search(Conversation& talk, Cursor arguments) {
  PARSE_OR_REFUSE(command, parse_search_head(arguments));
  if (command.names_charset && talk.utf8) co_return bad("CHARSET is not used after ENABLE UTF8=ACCEPT");  // RFC 6855 §3
  auto& selected = *talk.selected;
  if (!mime::is_known_charset(command.charset)) {
    if (command.options & ReturnSave) selected.saved.clear();
    co_return no("BADCHARSET (UTF-8 US-ASCII ISO-2022-JP Shift_JIS EUC-JP)", "That charset is not known here");
  }
  PARSE_OR_REFUSE(key, parse_search_program(arguments, command.charset));
  const bool by_modseq = key.mentions(SearchKind::ModSeq);
  if (by_modseq) talk.enable_condstore();
  resolve_key(selected, key);
  SearchMailbox request{selected.key, selected.uids.all_uids(), std::make_shared<const SearchKey>(std::move(key))};
  auto found = co_await talk.ask(std::move(request));
  if (command.options & ReturnSave) save_result(selected, command.options, found ? found->uids : NumberSet());
  if (!found) co_return no(found.error());
  const NumberSet numbers = as_numbered(talk, selected.uids.present(found->uids));
  std::optional<std::uint64_t> modseq;
  if (by_modseq) {
    auto asking = modseq_of_told(talk, command.extended ? command.options : ReturnAll, *found);
    modseq = co_await std::move(asking);
  }
  const bool only_saved = command.options == ReturnSave;
  if (command.extended || talk.rev2) {
    if (!command.extended) command.options = ReturnAll;
    if (!only_saved) print_esearch(talk, talk.tag(), command, numbers, modseq);
  } else {
    auto printing = print_search(talk, numbers, modseq);
    co_await std::move(printing);
  }
  co_return ok("Done");
}

}  // namespace hikyaku::imap::commands

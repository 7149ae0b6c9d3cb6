// store = "STORE" SP sequence-set [SP "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"] SP store-att-flags
// RFC 9051 §6.4.6, RFC 7162 §3.1.3
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {
namespace {

constexpr std::uint32_t messages_a_request = 1'000;

struct StoreCommand {
  SequenceSet set;
  std::optional<std::uint64_t> unchanged_since;
  StoreMode mode = StoreMode::Replace;
  bool silent = false;
  MessageFlags flags;
};

// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
Parsed<void> parse_store_flags(Cursor& in, StoreCommand& command) {
  if (in.take('+')) {
    command.mode = StoreMode::Add;
  } else if (in.take('-')) {
    command.mode = StoreMode::Remove;
  }
  if (!in.take_ignoring_case("FLAGS")) return in.expected("FLAGS");
  command.silent = in.take_ignoring_case(".SILENT");
  TRY_VOID(parse_space(in));
  if (in.peek() == '(') {
    TRY(flags, parse_flag_list(in));
    command.flags = std::move(flags);
    return {};
  }
  do {
    TRY_VOID(parse_flag_into(in, command.flags));
  } while (in.take(' '));
  return {};
}

Parsed<StoreCommand> parse_store(Cursor& in) {
  StoreCommand command;
  TRY_VOID(parse_space(in));
  TRY(set, parse_sequence_set(in));
  command.set = std::move(set);
  TRY_VOID(parse_space(in));
  if (in.take('(')) {
    if (!in.take_ignoring_case("UNCHANGEDSINCE ")) return in.expected("UNCHANGEDSINCE");
    TRY(modseq, parse_number64(in));
    command.unchanged_since = modseq;
    if (!in.take(") ")) return in.expected("\")\" and a space");
  }
  TRY_VOID(parse_store_flags(in, command));
  TRY_VOID(parse_end(in));
  return command;
}

// RFC 7162 §3.1.3: with CONDSTORE a silent STORE still tells the new MODSEQ.
void tell_modseq(Conversation& talk, const ChangedFlags& change) {
  const auto number = talk.selected->uids.number_of(change.uid);
  if (number == 0) return;
  talk.out += "* ";
  print_number(talk.out, number);
  talk.out += " FETCH (UID ";
  print_number(talk.out, change.uid);
  talk.out += " MODSEQ (";
  print_number(talk.out, change.modseq);
  talk.out += "))\r\n";
}

Reply reply_of(Conversation& talk, const NumberSet& modified) {
  if (modified.empty()) return ok("Done");
  NumberSet named = modified;
  if (talk.numbered_by == NumberedBy::Sequence) {
    named.clear();
    for (const auto& range : modified.ranges()) {
      for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
        named.add(talk.selected->uids.number_of(static_cast<std::uint32_t>(uid)));
      }
    }
  }
  std::string code = "MODIFIED ";
  print_number_set(code, named);
  return ok(std::move(code), "Some messages were changed meanwhile");
}

}  // namespace

Task<Reply> store(Conversation& talk, Cursor arguments) {
  PARSE_OR_REFUSE(command, parse_store(arguments));
  if (command.unchanged_since) talk.enable_condstore();
  auto resolved = talk.resolve(command.set, talk.numbered_by);
  if (!resolved) co_return resolved.error();
  if (talk.selected->access == Access::ReadOnly) co_return no(Trouble{TroubleKind::ReadOnly, {}});
  NumberSet left = *std::move(resolved), modified;
  bool any_here = left.empty() || talk.numbered_by == NumberedBy::Uid;  // UIDs that are not there are passed over
  while (!left.empty()) {
    StoreFlags request{talk.selected->key, left.take_first(messages_a_request), command.mode, command.flags,
                       command.unchanged_since};
    auto answer = co_await talk.ask(std::move(request));
    if (!answer) co_return no(answer.error());
    for (const auto& range : answer->modified.ranges()) modified.add_range(range.first, range.last);
    any_here |= !answer->changed.empty() || !answer->modified.empty();
    for (const auto& change : answer->changed) {
      talk.told[change.uid] = change.modseq;
      if (!command.silent) {
        talk.print_flags_update(change);
      } else if (talk.condstore) {
        tell_modseq(talk, change);
      }
      co_await talk.room();
    }
  }
  // RFC 2180 §4.2: others have expunged them all, which the client has not been told yet.
  if (!any_here) co_return no(Trouble{TroubleKind::NoSuchMessage, {}});
  co_return reply_of(talk, modified);
}

}  // namespace hikyaku::imap::commands

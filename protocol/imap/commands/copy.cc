// copy = "COPY" SP sequence-set SP mailbox (RFC 9051 §6.4.7), move = "MOVE" SP sequence-set SP mailbox (§6.4.8), and
// their UID forms (§6.4.9)
#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"

namespace hikyaku::imap::commands {
namespace {

struct Target {
  SequenceSet set;
  std::string mailbox;
};

Parsed<Target> parse_target(Cursor& in, const Conversation& talk) {
  TRY_VOID(parse_space(in));
  TRY(set, parse_sequence_set(in));
  TRY_VOID(parse_space(in));
  TRY(mailbox, talk.parse_mailbox(in));
  TRY_VOID(parse_end(in));
  return Target{std::move(set), std::move(mailbox)};
}

void print_ranges(std::string& out, const std::vector<NumberRange>& ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i > 0) out += ',';
    print_number(out, ranges[i].first);
    if (ranges[i].last != ranges[i].first) out += ':', print_number(out, ranges[i].last);
  }
}

// "COPYUID" SP nz-number SP uid-set SP uid-set       RFC 9051 §7.1
std::string copy_uid(const Copied& copied) {
  std::string code = "COPYUID ";
  print_number(code, copied.uid_validity);
  code += ' ';
  print_ranges(code, copied.from);
  code += ' ';
  print_ranges(code, copied.to);
  return code;
}

Task<Reply> copy_messages(Conversation& talk, Cursor arguments, Originals originals) {
  PARSE_OR_REFUSE(target, parse_target(arguments, talk));
  auto uids = talk.resolve(target.set, talk.numbered_by);
  if (!uids) co_return uids.error();
  if (originals == Originals::Remove && talk.selected->access == Access::ReadOnly) {
    co_return no(Trouble{TroubleKind::ReadOnly, {}});
  }
  if (uids->empty()) co_return ok("No such messages");
  CopyMessages request{talk.selected->key, *std::move(uids), std::move(target.mailbox), originals};
  auto copied = co_await talk.ask(std::move(request));
  if (!copied) co_return no(copied.error(), TroubleAt::Target);
  if (copied->from.empty()) co_return no("EXPUNGEISSUED", "The messages are gone");
  if (originals == Originals::Keep) co_return ok(copy_uid(*copied), "Copied");
  talk.untagged("OK [" + copy_uid(*copied) + "] Moved");  // RFC 6851 §4.3: before the EXPUNGEs
  co_return ok("Done");
}

}  // namespace

Task<Reply> copy(Conversation& talk, Cursor arguments) { return copy_messages(talk, arguments, Originals::Keep); }
Task<Reply> move(Conversation& talk, Cursor arguments) { return copy_messages(talk, arguments, Originals::Remove); }

}  // namespace hikyaku::imap::commands

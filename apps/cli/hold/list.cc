// hikyaku hold list
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/queue/access.h"
#include "apps/service/data_folders.h"
#include "services/delivery/hold_proposals.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::vector<delivery::HoldProposal> proposals_of(Invocation& call) {
  io::PosixDisk disk;
  const auto octets = io::read_file(disk, apps::folder::in(call.settings()->node.data(), "spool/proposed-holds"), 1 << 20);
  return octets ? delivery::decode_proposals(*octets) : std::vector<delivery::HoldProposal>{};
}

void print_proposals(Invocation& call, const std::vector<delivery::HoldProposal>& proposals) {
  for (const auto& one : proposals)
    call.print(std::string(call.say({"Proposed: ", "提案: "})) + one.destination + std::string(call.say({" has not answered since ", " は次の時刻から応答しない: "})) +
               telemetry::stamp_text(one.silent_since).substr(0, 16) + " (" + one.words + "), " + std::to_string(one.waiting) +
               std::string(call.say({" recipients wait. To stop their clocks: ", " 件の宛先が待っている。期限を止めるには: "})) +
               "hikyaku hold add --route " + delivery::proposed_host(one) + " --reason ...");
}

// A look at the whole queue each, some 20 ms a million recipients.
constexpr std::size_t most_asked = 50;

// What the holds of chosen mail keep still: nothing comes to them. While deliver is stopped it is not known: a look would be at the spool itself, under its lock.
// Nothing: deliver did not answer, it was printed.
std::optional<KeptByHold> kept_of(Invocation& call, const std::vector<directory::Hold>& holds, WallTime now) {
  KeptByHold kept;
  const auto queue = QueueAccess::open_running(call);
  for (const auto& hold : holds) {
    if (!queue || kept.size() == most_asked) break;
    if (hold.scope != directory::HoldScope::Chosen || !hold.runs(now)) continue;
    const auto summary = queue->ask_for<delivery::QueueSummary>(delivery::QueueSummaryRequest{{.destination = directory::chosen_key(hold.id)}, 1});
    if (!summary) return std::nullopt;
    kept.emplace(hold.id, summary->all.recipients);
  }
  return kept;
}

Exit run(Invocation& call) {
  const auto now = SystemClock{}.wall();
  std::vector<directory::Hold> holds;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what);
  for (const auto& hold : (*snapshot)->contents().holds)
    if (call.has("--ended") || hold.stage(now) != directory::HoldStage::Ended) holds.push_back(hold);
  const auto asked = kept_of(call, holds, now);
  const auto kept = asked.value_or(KeptByHold{});
  const Exit end = asked ? Exit::Done : Exit::Failed;
  const auto proposals = proposals_of(call);
  if (!call.json) return print_holds(call, holds, now, kept), print_proposals(call, proposals), end;
  telemetry::JsonWriter json;
  json.object().key("holds").array();
  for (const auto& hold : holds) {
    const auto found = kept.find(hold.id);
    write_hold(json, hold, now, found == kept.end() ? std::nullopt : std::optional(found->second));
  }
  json.end_array().key("proposed").array();
  for (const auto& one : proposals)
    json.object().member("destination", one.destination).member("silent_since", telemetry::stamp_text(one.silent_since)).member("waiting", one.waiting).member("reason", one.words).end_object();
  call.print(json.end_array().end_object().take());
  return end;
}

}  // namespace

Command hold_list_command() {
  return {.name = "hold list",
          .help = {"what is held, planned or proposed, and why", "実施中と予定の保留、その理由"},
          .options = {{"--ended", OptionKind::Flag, {"those that are over too, for 120 days", "終了したものも(120 日間)"}}},
          .run = run};
}

}  // namespace hikyaku::cli

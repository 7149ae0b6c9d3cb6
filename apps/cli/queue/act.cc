#include "apps/cli/queue/act.h"

#include <cstdlib>

#include "apps/cli/queue/items.h"
#include "apps/cli/terminal/progress.h"

namespace hikyaku::cli {

namespace {

constexpr std::uint32_t sample_items = 10;

// Mail before its first attempt is due as it is: there is nothing to try sooner, but for what is to be released later.
bool is_meant(const delivery::QueueItem& item, const delivery::QueueAction& action, WallTime now) {
  if (action.kind == delivery::QueueActionKind::Hold) return !directory::is_chosen_key(item.destination);
  if (action.kind == delivery::QueueActionKind::Release) return directory::is_chosen_key(item.destination);
  return action.kind != delivery::QueueActionKind::Retry || item.state == delivery::QueueState::Deferred || (item.release_at && *item.release_at > now);
}

// By which holds mail is kept that was to leave.
using KeptBy = std::map<std::uint64_t, std::uint64_t>;
void tell_kept(Invocation& call, const KeptBy& kept) {
  for (const auto& [hold, count] : kept) {
    const auto id = std::to_string(hold), recipients = std::to_string(count);
    call.print(call.language == Language::Japanese ? recipients + " 件の宛先は保留 " + id + " により引き続き送られない。解除は hikyaku hold release " + id
                                                   : recipients + (count == 1 ? " recipient is kept still by hold " : " recipients are kept still by hold ") + id + ". To let them go: hikyaku hold release " + id);
  }
}

// When the choice leaves nothing to do.
std::optional<Exit> tell_nothing(Invocation& call, QueueAccess& queue, const delivery::QueueFilter& filter, delivery::QueueActionKind kind) {
  constexpr std::uint32_t looked_at = 1'000;
  const bool releases = kind == delivery::QueueActionKind::Release;
  const auto any = list_items(call, queue, {filter, {}, releases ? looked_at : 1});
  if (!any) return Exit::Failed;
  if (call.json) return std::nullopt;
  KeptBy kept;
  for (const auto& item : any->items)
    if (releases && item.hold != 0) ++kept[item.hold];
  if (!kept.empty()) {
    call.print(call.say({"Nothing was changed: of what matches nothing is held by queue hold.", "何も変更していない。該当するメールに queue hold で保留したものはない。"}));
    return tell_kept(call, kept), Exit::Done;
  }
  call.print(call.say(any->items.empty() ? Words{"Nothing in the queue matches; nothing was changed. What waits: hikyaku queue list", "キューに該当するメールはなく、何も変更していない。待っているメールは hikyaku queue list で確認する"}
                                         : Words{"What matches is as this command would have it already; nothing was changed. See: hikyaku queue list", "該当するメールは既にその状態か対象外で、何も変更していない。hikyaku queue list で確認する"}));
  return Exit::Done;
}

Exit show_first(Invocation& call, QueueAccess& queue, const delivery::QueueActionRequest& request, std::uint64_t count, Caution caution,
                const ActionWords& words) {
  delivery::QueueList sample;
  if (count > 0) {
    auto list = list_items(call, queue, {request.filter, {}, sample_items});
    if (!list) return Exit::Failed;
    std::erase_if(list->items, [&](const auto& item) { return !is_meant(item, request.action, SystemClock{}.wall()); });
    sample = std::move(*list);
  }
  const SystemClock clock;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", true).member("recipients", count).key("sample").array();
    for (const auto& item : sample.items) write_item(json, item);
    call.print(json.end_array().end_object().take());
    return Exit::Done;
  }
  if (!sample.items.empty()) print_table(call, queue, sample, clock.wall());
  call.print(std::to_string(count) + std::string(call.say(words.would)));
  if (count > 0 && caution == Caution::ShowsFirst) call.print(call.say({"Nothing was changed. Give --yes to do it.", "まだ何も変えていない。実行するには --yes を付ける。"}));
  return Exit::Done;
}

Exit finish(Invocation& call, const delivery::QueueAction& action, const Acted& acted, const Words& words) {
  const auto& [changed, troubles, kept] = acted;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", false).member("recipients", changed);
    if (action.kind == delivery::QueueActionKind::Hold && !action.to.empty()) json.member("hold", std::strtoull(action.to.c_str() + action.to.find(':') + 1, nullptr, 10));
    json.key("troubles").array();
    for (const auto& trouble : troubles) json.text(trouble);
    json.end_array();
    if (action.kind == delivery::QueueActionKind::Release) {
      json.key("kept").array();
      for (const auto& [hold, count] : kept) json.object().member("hold", hold).member("recipients", count).end_object();
      json.end_array();
    }
    call.print(json.end_object().take());
  } else {
    std::uint64_t still = 0;
    for (const auto& [hold, count] : kept) still += count;
    if (changed > still || still == 0) call.print(std::to_string(changed - still) + std::string(call.say(words)));
    tell_kept(call, kept);
    for (const auto& trouble : troubles) call.fail(trouble);
  }
  return troubles.empty() ? Exit::Done : Exit::Failed;
}

}  // namespace

std::optional<Acted> act_on_all(QueueAccess& queue, delivery::QueueActionRequest request, const std::function<void(std::uint64_t)>& so_far) {
  Acted acted;
  for (;;) {
    const auto reply = queue.ask_for<delivery::QueueActionReply>(request);
    if (!reply) return std::nullopt;
    acted.recipients += reply->recipients;
    for (const auto& [hold, count] : reply->kept) acted.kept[hold] += count;
    if (acted.troubles.size() < sample_items) acted.troubles.insert(acted.troubles.end(), reply->troubles.begin(), reply->troubles.end());
    if (so_far) so_far(acted.recipients);
    if (!reply->next) return acted;
    request.after = *reply->next;
  }
}

Exit act_on_queue(Invocation& call, delivery::QueueAction action, Caution caution, const ActionWords& words, const Prepare& prepare) {
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  if (*filter == delivery::QueueFilter{} && !call.has("--all"))
    return call.fail(Words{"which mail? Remedy: give a trace id, or choose by --domain, --sender and the like, or --all.", "どのメールか指定がない。追跡 ID、--domain や --sender など、または --all を指定する。"});
  auto queue = QueueAccess::open(call);
  if (!queue) return Exit::Failed;
  const auto found = act_on_all(*queue, {*filter, action});
  if (!found) return Exit::Failed;
  const auto counted = found->recipients;
  if (counted == 0)
    if (const auto told = tell_nothing(call, *queue, *filter, action.kind)) return *told;
  if (call.has("--dry-run") || (caution == Caution::ShowsFirst && !call.has("--yes")))
    return show_first(call, *queue, {*filter, action}, counted, caution, words);
  // With nothing to change there is nothing to prepare. A dry count of addresses goes by hashes: it never says too few.
  if (prepare && counted > 0 && !prepare(action)) return Exit::Failed;
  std::optional<Progress> progress;
  if (!call.json && counted > 0) progress.emplace(counted);
  Acted done;
  if (counted > 0) {
    auto acted = act_on_all(*queue, {*filter, action, delivery::ActionRun::Real}, [&](std::uint64_t changed) {
      if (progress) progress->at(std::min(changed, counted));
    });
    if (!acted) return Exit::Failed;
    done = *std::move(acted);
  }
  progress.reset();
  return finish(call, action, done, queue->deliver_runs() || words.stopped.en.empty() ? words.done : words.stopped);
}

std::vector<Option> action_options(Caution caution) {
  std::vector<Option> options = {{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"one message's trace id, as --id", "追跡 ID(--id と同じ)"}, .takes = Takes::TraceId}};
  for (auto& option : filter_options()) options.push_back(std::move(option));
  options.push_back({"--all", OptionKind::Flag, {"everything that waits", "配送待ちのすべて"}});
  options.push_back({"--dry-run", OptionKind::Flag, {"only tell which", "対象を示すだけ"}});
  if (caution == Caution::ShowsFirst)
    options.push_back({"--yes", OptionKind::Flag, {"do it; without this only tell which", "実行する。なければ対象を示すだけ"}});
  return options;
}

}  // namespace hikyaku::cli

// hikyaku spool export
#include <unistd.h>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/commands.h"
#include "apps/service/data_folders.h"
#include "services/epost_spool/export.h"
#include "services/telemetry/events.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

Exit report(const Invocation& call, const epost_spool::ExportSummary& summary, bool removed) {
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", call.has("--dry-run")).flag("removed", removed).member("messages", std::uint64_t{summary.messages});
    json.member("recipients", std::uint64_t{summary.recipients}).member("domains", std::uint64_t{summary.domains}).member("removed_recipients", std::uint64_t{summary.taken_out.size()});
    json.member("left_here", std::uint64_t{summary.left_here}).key("damaged").array();
    for (const auto& one : summary.damaged) json.text(one);
    call.print(json.end_array().end_object().take());
  } else {
    for (const auto& one : summary.damaged) call.fail(one);
    if (summary.left_here > 0)
      call.print(std::to_string(summary.left_here) + std::string(call.say({" recipients stay here: deliver must verify their mailbox copies first",
                                                                           " 件の宛先は残る(メールボックスの確認が必要)"})));
    const bool dry = call.has("--dry-run");
    call.print(std::to_string(summary.messages) + std::string(call.say({" messages for ", " 通、"})) + std::to_string(summary.recipients) +
               std::string(call.say(dry ? Words{" recipients can be written; nothing was written", " 宛先を書き出せる(まだ何も書き出していない)"} : Words{" recipients written", " 宛先を書き出した"})));
    if (removed)
      call.print(std::to_string(summary.taken_out.size()) + std::string(call.say({" recipients were taken out of the queue here: only the other server delivers to them now",
                                                                                " 件の宛先をこのサーバのキューから取り除いた。以後の配送は相手のサーバだけが行う"})));
    else if (!dry)
      call.print(call.say({"They are still in the queue here too: let only one of the two servers deliver them. --remove takes them out.",
                           "このサーバのキューにも残っている。配送するのはどちらか一方だけにすること。--remove で取り除く。"}));
  }
  return summary.damaged.empty() ? Exit::Done : Exit::Problem;
}

constexpr std::size_t lines_at_once = 1'000;  // far fewer than the log's queue holds: none may be dropped

// Each has its end in the log, as mail that a command of the queue ends.
void tell_ends(Invocation& call, const epost_spool::ExportSummary& summary) {
  if (summary.taken_out.empty()) return;
  const std::string by = calling_user(), reason = "given away by operator";
  OperatorLog log(call);
  std::size_t told = 0;
  for (const auto& one : summary.taken_out) {
    if (++told % lines_at_once == 0) log.log().drain();
    log.log().write(telemetry::events::mail_failed, {.message = one.id, .sender = one.sender, .null_sender = one.sender.empty(), .recipient = one.recipient, .accepted_at = one.accepted_at, .by = by, .reason = reason});
  }
}

Exit run(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto settings = call.settings();
  io::PosixDisk disk;
  spool::SpoolOptions spool_options;
  spool_options.folder = apps::folder::in(settings->node.data(), apps::folder::spool);
  spool_options.node = static_cast<std::uint16_t>(settings->node.id());
  auto spool = spool::Spool::open(disk, spool_options);
  if (!spool)
    return call.fail("the queue cannot be opened: " + spool.error().what +
                     ". Remedy: hikyaku service stop deliver; mail that is being delivered cannot be given away as well.");
  const SystemClock clock;
  char machine[256] = {};
  gethostname(machine, sizeof machine - 1);
  const auto& named = settings->node.hostname();
  epost_spool::ExportOptions options{.to = call.value("DIR"), .hostname = named.empty() ? machine : named, .now = clock.wall()};
  if (call.has("--dry-run")) options.run = epost_spool::ExportOptions::Run::Dry;
  if (call.has("--remove")) options.ours = epost_spool::ExportOptions::Ours::Remove;
  const auto summary = epost_spool::export_spool(disk, **spool, options, [](std::size_t) {});
  if (!summary) return call.fail(summary.error().what + ". Nothing was taken out of the queue. Remedy: the user of the services must be able to write " + options.to + ".");
  tell_ends(call, *summary);
  return report(call, *summary, call.has("--remove") && !call.has("--dry-run"));
}

}  // namespace

Command spool_export_command() {
  return {.name = "spool export",
          .help = {"write the queue as E-Post Mail Server keeps it (incoming, holding, domains)", "キューを E-Post Mail Server の形式(incoming、holding、domains)で書き出す"},
          .options = {{"DIR", OptionKind::Argument, {"the work folder to write to", "書き出し先の作業フォルダ"}},
                      {"--dry-run", OptionKind::Flag, {"only count", "件数だけを示す"}},
                      {"--remove", OptionKind::Flag, {"take what was written out of the queue here", "書き出したものをこのサーバのキューから取り除く"}}},
          .run = run,
          .more = {"deliver must be stopped (hikyaku service stop deliver).", "deliver を止めておくこと(hikyaku service stop deliver)。"}};
}

}  // namespace hikyaku::cli

// hikyaku spool import
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/service/data_folders.h"
#include "services/epost_spool/import.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

using epost_spool::Fate;

Words fate_words(Fate fate) {
  switch (fate) {
    case Fate::Taken: return {"taken", "取り込み"};
    case Fate::Before: return {"taken before", "取り込み済み"};
    case Fate::AllServed: return {"all recipients were served", "全宛先が配送済み"};
    case Fate::Damaged: return {"DAMAGED, left where it is", "破損(そのまま残す)"};
    case Fate::Undecided: return {"UNDECIDED: an earlier import was cut off here. Remedy: hikyaku trace tells whether it came through; --again takes it once more",
                                  "不明: 前回の取り込みがここで中断した。hikyaku trace で配送の有無がわかる。--again で取り込み直す"};
  }
  return {};
}

void tell(const Invocation& call, const epost_spool::ImportedPair& pair, telemetry::JsonWriter& json) {
  if (call.json) {
    json.object().member("stem", pair.stem).member("fate", fate_words(pair.fate).en).member("message", pair.fate == Fate::Damaged ? "" : pair.id.text());
    json.member("recipients", std::uint64_t{pair.recipients}).member("damage", pair.damage).key("notes").array();
    for (const auto& note : pair.notes) json.text(note);
    json.end_array().end_object();
    return;
  }
  const bool ordinary = (pair.fate == Fate::Taken || pair.fate == Fate::Before) && pair.notes.empty();
  if (ordinary && !call.has("--verbose")) return;
  std::string line = pair.stem + ": " + std::string(call.say(fate_words(pair.fate)));
  if (pair.id != TraceId{}) line += " " + pair.id.text();
  if (!pair.damage.empty()) line += ": " + pair.damage;
  for (const auto& note : pair.notes) line += "; " + note;
  call.print(line);
}

Exit report(const Invocation& call, const epost_spool::ImportSummary& summary, telemetry::JsonWriter& json) {
  const bool problem = summary.damaged + summary.undecided > 0;
  const bool dry = call.has("--dry-run");
  if (call.json) {
    json.end_array().flag("dry_run", dry).member("taken", std::uint64_t{summary.taken}).member("before", std::uint64_t{summary.before});
    json.member("all_served", std::uint64_t{summary.all_served}).member("damaged", std::uint64_t{summary.damaged});
    json.member("undecided", std::uint64_t{summary.undecided}).key("strangers").array();
    for (const auto& path : summary.strangers) json.text(path);
    json.end_array().key("retry_data").array();
    for (const auto& note : summary.retry_notes) json.text(note);
    call.print(json.end_array().end_object().take());
    return problem ? Exit::Problem : Exit::Done;
  }
  for (const auto& path : summary.strangers) call.print(path + ": " + std::string(call.say({"not a file of a message, left where it is", "メールのファイルではない(そのまま残す)"})));
  for (const auto& note : summary.retry_notes) call.print("domains: " + note);
  const auto count = [&](std::size_t number, const Words& what) { return std::to_string(number) + " " + std::string(call.say(what)); };
  call.print(count(summary.taken, dry ? Words{"would be taken (nothing was changed), ", "件を取り込める(何も変更していない)、"} : Words{"taken, ", "件を取り込んだ、"}) +
             count(summary.before, {"taken before, ", "件は取り込み済み、"}) + count(summary.all_served, {"served, ", "件は配送済み、"}) +
             count(summary.damaged, {"damaged, ", "件は破損、"}) + count(summary.undecided, {"undecided", "件は不明"}));
  return problem ? Exit::Problem : Exit::Done;
}

Exit run(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto settings = call.settings();
  epost_spool::ImportOptions options;
  options.from = call.value("DIR");
  options.spool_folder = apps::folder::in(settings->node.data(), apps::folder::spool);
  options.node = static_cast<std::uint16_t>(settings->node.id());
  options.reserve_octets = settings->spool.reserve().octets;
  const auto dots = call.value("--dots", "find");
  options.dots = dots == "plain" ? epost_spool::DotsRule::Plain : dots == "stuffed" ? epost_spool::DotsRule::Stuffed : epost_spool::DotsRule::Find;
  if (call.has("--dry-run")) options.run = epost_spool::ImportOptions::Run::Dry;
  if (call.has("--again")) options.undecided = epost_spool::ImportOptions::UndecidedPairs::TakeAgain;
  io::PosixDisk disk;
  if (const auto made = disk.make_folder(options.spool_folder); !made) return call.fail(made.error().what);
  telemetry::JsonWriter json;
  if (call.json) json.object().key("pairs").array();
  const SystemClock clock;
  const auto summary = epost_spool::import_spool(disk, options, clock.wall(), [&](const auto& pair) { tell(call, pair, json); });
  if (!summary)
    return call.fail(summary.error().what + ". Remedy: the user of the services must be able to read " + options.from +
                     "; what was taken before this is kept, and a second run goes on behind it.");
  return report(call, *summary, json);
}

}  // namespace

Command spool_import_command() {
  return {.name = "spool import",
          .help = {"take over the queue of E-Post Mail Server (incoming, holding, domains)", "E-Post Mail Server のキュー(incoming、holding、domains)を取り込む"},
          .options = {{"DIR", OptionKind::Argument, {"E-Post's work folder; nothing in it is changed", "E-Post のメール作業フォルダ。中身は変更しない"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}},
                      {"--again", OptionKind::Flag, {"take the undecided ones once more", "不明なものも取り込み直す"}},
                      {"--verbose", OptionKind::Flag, {"a line for each pair", "1 通ごとに 1 行を出す"}},
                      {"--dots", OptionKind::Value, {"whether the texts are dot-stuffed", "本文がドットスタッフィングされているか"}, {"find", "plain", "stuffed"}, true}},
          .run = run,
          .more = {"Stop E-Post's delivery first. Our services may run or be stopped: deliver takes the mail when it sees it.",
                   "先に E-Post の配信サービスを止めておくこと。こちらのサービスは動いていても止まっていてもよい。"}};
}

}  // namespace hikyaku::cli

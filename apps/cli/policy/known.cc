// hikyaku policy known list, forget: who passes the greylist at once because he came again before.
#include <unistd.h>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/terminal/when_text.h"
#include "apps/service/data_folders.h"
#include "services/policy/greylist_store.h"
#include "services/policy/policy_settings.h"
#include "services/telemetry/operator_events.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

constexpr Duration patience = 10s;

std::string policy_folder(Invocation& call) { return apps::folder::in(call.settings()->node.data(), apps::folder::policy); }

policy::GreylistMemory memory_of(Invocation& call) {
  io::PosixDisk disk;
  return policy::read_greylist(disk, policy_folder(call), policy::policy_settings(*call.settings()).greylist, SystemClock{}.wall());
}

// An address means its network, a domain what SPF vouches for.
std::string source_of(const std::string& text) {
  if (const auto address = io::IpAddress::parse(text)) return policy::network_of(*address);
  return text.find('/') == std::string::npos && !text.starts_with("spf:") ? "spf:" + text : text;
}

Exit run_list(Invocation& call) {
  if (!call.settings() || !may_look_into(call, policy_folder(call))) return Exit::Failed;
  const auto memory = memory_of(call);
  Listing listing(call, {{"WHO", "対象"}, {"SINCE", "既知になった日時"}, {"LAST MAIL", "最後のメール"}, {"MAILS", "通数"}, {"FORGOTTEN", "忘れる日時"}}, {"Nobody is known yet.", "既知の相手はいない。"});
  for (const auto& [source, known] : memory.all_known()) {
    const auto until = known.last + memory.terms().known_for;
    listing.json().object().member("who", source).member("since", telemetry::stamp_text(known.since)).member("last", telemetry::stamp_text(known.last)).member("mails", known.mails)
        .member("until", telemetry::stamp_text(until)).end_object();
    listing.row({source, minute_text(known.since), minute_text(known.last), std::to_string(known.mails), minute_text(until)});
  }
  listing.print();
  return Exit::Done;
}

Exit run_forget(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto memory = memory_of(call);
  std::string order;
  for (const auto& text : call.values("WHO")) {
    const auto source = source_of(text);
    if (!memory.all_known().contains(source)) return call.fail(source + std::string(call.say({" is not known; see: hikyaku policy known list", " は既知ではない。hikyaku policy known list で確認する"})));
    order += source + "\n";
  }
  io::PosixDisk disk;
  const auto folder = policy_folder(call) + "/" + std::string(policy::forget_folder);
  const auto file = folder + "/" + std::to_string(::getpid()) + "-" + std::to_string(SystemClock{}.wall().time_since_epoch().count());
  if (const auto made = disk.make_folder(folder); !made) return call.fail(made.error().what);
  if (const auto written = io::replace_file(disk, file, order); !written) return call.fail(written.error().what);
  const std::string by = calling_user();
  OperatorLog log(call);
  for (const auto& text : call.values("WHO")) log.log().write(telemetry::events::known_forgotten, {.by = by, .text = source_of(text)});
  const SystemClock clock;
  for (const auto end = clock.now() + patience; disk.info(file).has_value(); ::usleep(50'000))
    if (clock.now() >= end) return call.fail(Words{"receive does not run, or is busy: it forgets them when it goes on.", "receive が動作していないか応答しない。再開したときに忘れる。"});
  for (const auto& text : call.values("WHO"))
    report_done(call, {"forgotten; mail that no other entry knows is put off as a first one", "忘れた。ほかの項目でも既知でなければ、次のメールは初回として保留する"}, source_of(text));
  return Exit::Done;
}

}  // namespace

Command policy_known_list_command() {
  return {.name = "policy known list",
          .help = {"networks and domains that pass the greylist at once, since they came again before", "再送の実績があり、グレイリストをすぐに通るネットワークとドメイン"},
          .options = {},
          .run = run_list,
          .more = {"LAST MAIL and MAILS are as of the first mail of an hour.", "最後のメールと通数は、各時間帯の最初のメールの時点のもの。"}};
}

Command policy_known_forget_command() {
  return {.name = "policy known forget",
          .help = {"have one of them forgotten: it is greylisted again", "その相手を忘れ、再びグレイリストの対象にする"},
          .options = {{"WHO", OptionKind::Arguments, {"as the list shows it, an address (its /24 or /64), or a domain that SPF vouches for", "一覧に出るとおりの値、アドレス(その /24 か /64)、または SPF で証明されるドメイン"}}},
          .run = run_forget,
          .more = {"Who is never to come in: hikyaku policy deny.", "今後も受け付けない相手には hikyaku policy deny を使う。"}};
}

}  // namespace hikyaku::cli

// hikyaku policy rules
#include "apps/cli/access/lists_told.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "services/policy/policy_settings.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

// Lists that reception leaves alone because they are not what they should be.
void print_lists_off(Invocation& call, const settings::Settings& settings) {
  for (const auto& [zone, list] : lists_told(settings))
    if (list.off) call.print(std::string(call.say({"WARNING: not asked: ", "警告: 使用停止中のリスト: "})) + zone + ", " + std::string(policy::state_name(list.found)) + ", " + telemetry::stamp_text(list.since).substr(0, 16));
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto policy = policy::policy_settings(*settings);
  Listing listing(call, {{"RULE", "規則"}, {"STAGE", "段階"}, {"MODE", "動作"}, {"WHAT", "内容"}});
  for (const auto& rule : policy::rules()) {
    std::string_view help, help_ja;
    for (const auto* setting : settings->rules.settings())
      if (setting->name() == rule.name) help = setting->help(), help_ja = setting->help_ja();
    const auto mode = policy::mode_name(policy.rules.mode(rule.id));
    listing.json().object().member("rule", rule.name).member("stage", policy::stage_name(rule.stage)).member("mode", mode).member("help", help).end_object();
    listing.row({std::string(rule.name), std::string(policy::stage_name(rule.stage)), std::string(mode), std::string(call.say({help, help_ja}))});
  }
  listing.print();
  if (!call.json) print_lists_off(call, *settings);
  return Exit::Done;
}

}  // namespace

Command policy_rules_command() {
  return {.name = "policy rules",
          .help = {"the rules about strangers' mail, in the order in which they are judged, and their modes", "見知らぬ相手のメールについての規則と動作(判定順)を表示する"},
          .run = run,
          .more = {"Modes are set in the settings, [rules], and count after `hikyaku config reload`.", "動作は設定ファイルの [rules] で決め、hikyaku config reload で有効になる。"}};
}

}  // namespace hikyaku::cli

// hikyaku config check
#include <unistd.h>

#include <filesystem>

#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/config/certificate_check.h"
#include "apps/cli/config/country_check.h"
#include "apps/cli/hold/view.h"
#include "apps/service/data_folders.h"
#include "services/delivery/schedule/retry_settings.h"
#include "services/directory/alias_check.h"
#include "services/policy/danger.h"
#include "services/telemetry/json_text.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_told = 50;

std::string alias_words(const Invocation& call, const directory::AliasTrouble& trouble) {
  using Kind = directory::AliasTrouble::Kind;
  const std::string alias = std::string(call.say({"the alias ", "別名 "})) + trouble.alias;
  switch (trouble.kind) {
    case Kind::Lost:
      return alias + std::string(call.say({" has targets that get no mail: ", " の次の転送先にはメールが届かない: "})) + lost_targets_text(call, trouble.lost);
    case Kind::Loop: return loop_text(call, trouble);
    case Kind::TooDeep:
      return alias + std::string(call.say({" leads through more than 10 aliases, which mail does not follow: ", " は 10 段を超えて続き、メールはそこまで転送されない: "})) + way_text(trouble);
  }
  return alias;
}

// This server's own directory. Null: there is none yet, or this user may not read it; settings can be checked by anybody.
std::shared_ptr<const directory::Snapshot> own_directory(Invocation& call, const std::string& data) {
  std::error_code none;
  if (!std::filesystem::exists(apps::folder::in(data, apps::folder::directory), none)) return nullptr;
  if (geteuid() != 0 && access(data.c_str(), W_OK | X_OK) != 0) return nullptr;
  return directory_now(call);
}

// A server whose aliases are at fault runs: these are warnings.
void warn_of_aliases(const Invocation& call, const directory::Snapshot& directory, std::vector<std::string>& warnings) {
  const auto troubles = directory::check_aliases(directory);
  for (std::size_t n = 0; n < troubles.size() && n < most_told; ++n) warnings.push_back(alias_words(call, troubles[n]));
  if (troubles.size() > most_told)
    warnings.push_back(std::to_string(troubles.size() - most_told) + std::string(call.say({" more aliases are at fault: see `hikyaku alias list`", " 件の別名にも問題がある。hikyaku alias list を参照"})));
}

// Settings, and rows of the directory, that do more than was meant.
void warn_of_dangers(const Invocation& call, const settings::Settings& settings, const directory::Contents& contents, std::vector<std::string>& warnings) {
  const auto dangers = policy::find_dangers({.directory = contents, .relay_networks = settings.smtp.relay_networks(), .exempt_networks = settings.policy.exempt_networks(),
                                             .plaintext_networks = settings.auth.plaintext_login_networks()});
  for (std::size_t n = 0; n < dangers.size() && n < most_told; ++n) warnings.push_back(dangers[n].what + ": " + std::string(call.say({dangers[n].why, dangers[n].why_ja})));
}

Exit run(Invocation& call) {
  const std::string path = call.has("FILE") ? call.value("FILE") : call.settings_path;
  const auto loaded = settings::load_settings(path);
  std::vector<settings::SettingsError> errors;
  if (!loaded) errors = loaded.error();
  delivery::RetryAdvice advice;
  if (loaded) advice = delivery::check_retry_settings((*loaded)->delivery, call.language == Language::Japanese);
  if (loaded) {
    const auto directory = call.has("FILE") ? nullptr : own_directory(call, (*loaded)->node.data());
    if (directory) warn_of_aliases(call, *directory, advice.warnings);
    warn_of_dangers(call, **loaded, directory ? directory->contents() : directory::Contents{}, advice.warnings);
    auto certificate = check_certificate(call, **loaded);
    if (certificate.mistake) errors.push_back(*std::move(certificate.mistake));
    if (auto countries = check_countries(**loaded)) errors.push_back(*std::move(countries));
    if (!certificate.warning.empty()) advice.warnings.push_back(std::move(certificate.warning));
  }
  for (auto& mistake : advice.mistakes) errors.push_back({path + ": " + mistake, ""});
  if (call.json) {
    std::string out = "{\"good\":" + std::string(errors.empty() ? "true" : "false") + ",\"mistakes\":[";
    for (const auto& error : errors) {
      if (&error != &errors.front()) out += ',';
      out += "{\"what\":", telemetry::append_json_text(out, error.what), out += ",\"remedy\":", telemetry::append_json_text(out, error.remedy), out += '}';
    }
    out += "],\"warnings\":[";
    for (const auto& warning : advice.warnings) {
      if (&warning != &advice.warnings.front()) out += ',';
      telemetry::append_json_text(out, warning);
    }
    call.print(out + "]}");
  } else {
    for (const auto& error : errors) call.fail(error.text());
    for (const auto& warning : advice.warnings) call.print(std::string(call.say({"Warning: ", "警告: "})) + warning);
    if (errors.empty()) call.print(path + ": " + std::string(call.say({"all settings are possible", "設定に問題はない"})));
  }
  return errors.empty() ? Exit::Done : Exit::Failed;
}

}  // namespace

Command config_check_command() {
  return {.name = "config check",
          .help = {"read a settings file and name every mistake; look over this server's aliases", "設定ファイルを検査し、誤りをすべて示す。このサーバの別名も調べる"},
          .options = {{"FILE", OptionKind::OptionalArgument, {"the file; default: the one of this server", "ファイル。省略時はこのサーバの設定"}}},
          .run = run};
}

}  // namespace hikyaku::cli

#include "apps/supervisor/settings_change.h"

namespace hikyaku::apps {

namespace {

using settings::TakesEffect;

// Whether a service reads what this section's settings fix at its start.
bool concerns(std::string_view section, std::string_view service) {
  if (section == "delivery" || section == "history") return service == "deliver";
  if (section == "spool") return service == "deliver" || service == "receive";
  if (section == "alarm" || section == "metrics") return service == "watch";
  if (section == "smtp") return service == "receive";
  if (section == "imap" || section == "pop3" || section == "auth") return service == section;
  return true;  // [log], [serve]: every one
}

template <class Wanted>
std::vector<std::string> changed(const settings::Settings& before, const settings::Settings& now, TakesEffect when, Wanted wanted) {
  std::vector<std::string> names;
  const auto old_sections = before.sections(), new_sections = now.sections();
  for (std::size_t s = 0; s < new_sections.size(); ++s) {
    if (!wanted(new_sections[s]->name())) continue;
    for (std::size_t n = 0; n < new_sections[s]->settings().size(); ++n) {
      const auto& setting = *new_sections[s]->settings()[n];
      if (setting.takes_effect() == when && setting.value_text() != old_sections[s]->settings()[n]->value_text())
        names.push_back("[" + std::string(new_sections[s]->name()) + "] " + std::string(setting.name()));
    }
  }
  return names;
}

std::vector<WaitingSetting> waiting(std::vector<std::string> names, std::string_view restart) {
  std::vector<WaitingSetting> all;
  for (auto& name : names) all.push_back({std::move(name), std::string(restart)});
  return all;
}

}  // namespace

std::vector<WaitingSetting> waiting_for_serve(const settings::Settings& begun, const settings::Settings& now) {
  return waiting(changed(begun, now, TakesEffect::ServeRestart, [](std::string_view) { return true; }), "serve");
}

std::vector<WaitingSetting> waiting_for_service(std::string_view service, const settings::Settings& started, const settings::Settings& now) {
  return waiting(changed(started, now, TakesEffect::ServiceRestart, [&](std::string_view section) { return concerns(section, service); }), service);
}

}  // namespace hikyaku::apps

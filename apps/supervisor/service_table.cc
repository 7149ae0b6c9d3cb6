#include "apps/supervisor/service_table.h"

#include "apps/service/data_folders.h"
#include "base/check.h"
#include "base/cursor.h"
#include "services/signing/key_store.h"

namespace hikyaku::apps {

std::span<const ServiceEntry> service_table() {
  static const std::vector<ServiceEntry> table = {
      {"receive", "receives mail: SMTP, submission, LMTP", "メールの受信(SMTP、送信用ポート、LMTP)",
       {"EPSTRS", "epstrd"}, {{"receive", {"smtp", "submission", "submissions", "lmtp"}, {}, true}}},
      {"deliver", "delivers mail: mailboxes, other servers, retries, bounces", "メールの配送(メールボックス、他サーバ、再送、不達通知)",
       {"EPSTDS", "epstdd"}, {{"deliver", {}, {"deliver-bell", "deliver-control", "deliver-asks", "deliver-refusals"}, false}}},
      {"pop3", "lets people fetch mail by POP3", "POP3 によるメールの取り出し",
       {"EPSTPOP3S", "EPSTPOP3", "epstpop3d"},
       {{"pop3-store", {}, {"pop3-store"}, false}, {"pop3-front", {"pop3", "pop3s"}, {}, true}}},
      {"imap", "lets people read mail by IMAP", "IMAP によるメールの閲覧",
       {"EPSTIMAP4", "EPSTIMAP4S", "epstimap4d"},
       {{"imap-store", {}, {"imap-store"}, false}, {"imap-front", {"imap", "imaps"}, {}, true}}},
      {"auth", "checks logins and recipients for the others", "ログインと宛先の確認", {}, {{"auth", {}, {"auth"}, false}}},
      {"watch", "watches the queue: alarms and metrics", "キューの監視(警報とメトリクス)", {}, {{"watch", {"metrics", "decisions"}, {}, false}}},
      {"signer", "signs outgoing mail (DKIM)", "送信メールへの署名(DKIM)", {}, {{"signer", {}, {"signer"}, false}}},
      {"virusdb", "updates virus patterns", "ウイルスパターンの更新", {"VMCS", "modifys"}, {{"virusdb", {}, {}, false}}},
      {"vip", "watches the other node and the virtual address", "相手ノードと仮想 IP の監視", {"IPWCS"}, {}},
      {"console", "the web console", "Web 管理画面", {"Mail Control", "control center"}, {}}};
  return table;
}

const ServiceEntry* find_service(std::string_view name) {
  if (name.size() > 4 && equal_ignoring_case(name.substr(name.size() - 4), ".exe")) name.remove_suffix(4);
  for (const auto& service : service_table()) {
    if (equal_ignoring_case(service.name, name)) return &service;
    for (const auto alias : service.aliases)
      if (equal_ignoring_case(alias, name)) return &service;
  }
  return nullptr;
}

const ProcessEntry* find_process(std::string_view name) {
  for (const auto& service : service_table())
    for (const auto& process : service.processes)
      if (process.name == name) return &process;
  return nullptr;
}

const settings::Texts& listen_addresses(const settings::Settings& settings, std::string_view listener) {
  for (const auto* setting : settings.listen.settings())
    if (setting->name() == listener) return (*static_cast<const settings::Setting<settings::Texts>*>(setting))();
  throw_bug("no such listener", std::source_location::current());
}

std::string why_not_configured(const ServiceEntry& service) {
  const std::string name(service.name);
  if (service.processes.empty()) return name + " is not part of this version of Hikyaku.";
  if (service.name == "watch")
    return name + " is not configured. Remedy: set [listen] metrics or decisions, [metrics] file, or [alarm] webhook, command or syslog, then `hikyaku config reload`.";
  if (service.name == "signer") return name + " is not configured: there is no DKIM key. Remedy: `hikyaku dkim key add DOMAIN`; it starts by itself.";
  if (service.name == "virusdb") return name + " is not configured. Remedy: set [virusdb] source_folder, mirrors or private_mirrors, then `hikyaku config reload`.";
  std::string ports;
  for (const auto& process : service.processes)
    for (const auto listener : process.listeners) ports += (ports.empty() ? "" : ", ") + std::string(listener);
  return name + " is not configured. Remedy: give an address in [listen] to one of " + ports + ", then `hikyaku config reload`.";
}

bool is_configured(const ServiceEntry& service, const settings::Settings& settings) {
  const auto& alarm = settings.alarm;
  const bool tells = !alarm.webhook().empty() || !alarm.command().empty() || !alarm.syslog().empty() || !settings.metrics.file().empty();
  if (service.name == "watch" && tells) return true;
  if (service.name == "signer") return signing::has_keys(folder::in(settings.node.data(), folder::dkim_keys));
  if (const auto& patterns = settings.virusdb; service.name == "virusdb")
    return !patterns.source_folder().empty() || !patterns.mirrors().empty() || !patterns.private_mirrors().empty();
  bool has_listeners = false;
  for (const auto& process : service.processes)
    for (const auto listener : process.listeners) {
      has_listeners = true;
      if (!listen_addresses(settings, listener).empty()) return true;
    }
  return !service.processes.empty() && !has_listeners;
}

}  // namespace hikyaku::apps

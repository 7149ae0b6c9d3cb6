// Settings: everything that one TOML file sets, as one tree of values. What operators change while mail flows (domains,
// accounts, routes, holds) is in the directory instead.
// The structs of the sections are the only declaration: reference manual, `config check` and `config describe` read them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/settings/abuse_section.h"
#include "services/settings/filters_section.h"
#include "services/settings/mail_sections.h"
#include "services/settings/policy_sections.h"
#include "services/settings/refusals_section.h"
#include "services/settings/scan_sections.h"
#include "services/settings/server_sections.h"
#include "services/settings/signing_section.h"
#include "services/settings/watch_sections.h"

namespace hikyaku::settings {

struct Settings {
  NodeSection node;
  ListenSection listen;
  TlsSection tls;
  SmtpSection smtp;
  PolicySection policy;
  RulesSection rules;
  FiltersSection filters;
  RefusalsSection refusals;
  RecipientsSection recipients;
  ScanningSection scanning;
  QuarantineSection quarantine;
  VirusdbSection virusdb;
  ImapSection imap;
  Pop3Section pop3;
  AuthSection auth;
  AbuseSection abuse;
  DeliverySection delivery;
  SigningSection signing;
  SpoolSection spool;
  HistorySection history;
  AlarmSection alarm;
  MetricsSection metrics;
  LogSection log;
  ServeSection serve;

  // In the order of the manual.
  [[nodiscard]] std::vector<const Section*> sections() const;
  [[nodiscard]] std::vector<Section*> sections();
};

using SettingsPointer = std::shared_ptr<const Settings>;

struct SettingsError {
  std::string what;    // "/etc/hikyaku.toml:12: [smtp] message_size: ..."
  std::string remedy;  // what to write instead
  [[nodiscard]] std::string text() const { return remedy.empty() ? what : what + " Remedy: " + remedy; }
};

// Reads the text of a settings file; `file_name` is for the messages. Presets, then the profile named by the top-level
// key `profile`, then the file. All problems are reported, not only the first.
[[nodiscard]] Result<std::shared_ptr<Settings>, std::vector<SettingsError>> parse_settings(std::string_view toml,
                                                                                         std::string_view file_name);
// The same for a file on disk. A missing file is an error that names it.
[[nodiscard]] Result<std::shared_ptr<Settings>, std::vector<SettingsError>> load_settings(const std::string& path);

// The presets alone, for tests.
[[nodiscard]] std::shared_ptr<Settings> preset_settings();

// "192.0.2.0/24", "2001:db8::/32" or a single address. Nothing: not a network. Addresses as text, IPv4-mapped ones
// (::ffff:192.0.2.7) count as IPv4. Linear, no I/O.
[[nodiscard]] bool is_network(std::string_view network);
[[nodiscard]] bool address_is_in(std::string_view address, const std::vector<std::string>& networks);

}  // namespace hikyaku::settings

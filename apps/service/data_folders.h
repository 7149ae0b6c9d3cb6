// Where everything stands below the data folder. One place, so that services, commands, confinement and documents agree.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::apps::folder {

inline constexpr std::string_view accounts = "accounts";    // mailboxes: the engine of services/mailboxes
inline constexpr std::string_view directory = "directory";  // domains, accounts, aliases, routes: the engine's partition
inline constexpr std::string_view secrets = "secrets";      // password verifiers: an engine of its own
inline constexpr std::string_view route_logins = "route-logins";  // what deliver logs in with at other servers
inline constexpr std::string_view dkim_keys = "dkim-keys";  // private keys, a file each, read by signer alone
inline constexpr std::string_view srs = "srs";              // what the senders of forwarded mail are signed with
inline constexpr std::string_view spool = "spool";          // incoming-N, holding, domains
inline constexpr std::string_view sts_policies = "spool/mta-sts";   // what deliver knows of domains' policies, a file each
inline constexpr std::string_view tls_counts = "spool/tls-counts";   // how TLS with other domains went, kept by deliver
inline constexpr std::string_view receive_journal = "spool/incoming-1";  // written by receive, journal number 1
inline constexpr std::string_view dmarc_seen = "policy/dmarc";  // what was judged by DMARC, a file a day: written by receive, read by deliver
inline constexpr std::string_view dmarc_sent = "spool/dmarc-sent";  // which domains were told: deliver's
inline constexpr std::string_view policy = "policy";        // what reception remembers of strangers
inline constexpr std::string_view refusals = "refusals";    // what was told of those who were put off, and the key of links: deliver's
inline constexpr std::string_view subscriptions = "subscriptions";  // published lists that are followed: written by commands and deliver
inline constexpr std::string_view quarantine = "quarantine";  // mail that waits for the administrator: deposited by receive, kept by deliver
inline constexpr std::string_view escrow = "escrow";  // encrypted copies of what was put off, and the key that opens them: left by receive, kept by deliver
inline constexpr std::string_view virusdb = "virusdb";      // virus patterns, written by virusdb, read by clamd
inline constexpr std::string_view history = "history";      // what waited when: written by deliver
inline constexpr std::string_view counters = "counters";    // NAME/now: what each process has counted
inline constexpr std::string_view alarm = "alarm";          // what is raised; where the alarm's command runs
inline constexpr std::string_view log = "log";
inline constexpr std::string_view receive_log = "log/receive";  // read by deliver: who was put off
inline constexpr std::string_view run = "run";              // local sockets, doorbells, shared pages, locks
inline constexpr std::string_view directory_seen = "run/directory-seen";  // how far each reader of the directory is
inline constexpr std::string_view quota_used = "run/quota-used";  // deliver tells auth how full mailboxes are
inline constexpr std::string_view held_used = "run/held-used";    // deliver tells receive how much mail accounts have on hold
inline constexpr std::string_view own_hosts = "run/hosts-own", system_hosts = "run/hosts-system";  // copies, kept by the supervisor
inline constexpr std::string_view countries = "run/countries";  // a copy of [abuse] country_database, kept by the supervisor, read by auth
inline constexpr std::string_view supervisor = "supervisor";  // which services were stopped by command; the settings last in force

inline std::string in(std::string_view data_folder, std::string_view inside) {
  return std::string(data_folder) + "/" + std::string(inside);
}

}  // namespace hikyaku::apps::folder

#include "apps/service/confine.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apps/service/data_folders.h"
#include "io/confinement.h"
#include "services/abuse/login_folder.h"
#include "services/escrow/places.h"
#include "services/quarantine/drop_folder.h"

namespace hikyaku::apps {

namespace {

// What each process may open, below the data folder. Every row may write `log/<process>` and look into `run`, whose sockets are made
// by the supervisor: who could put its own in the place of auth's would be told every password. Who reads the directory
// shares a page with the others there; `deliver` tells in one of its own which mailboxes are full. A process that is not in the table does not start.
struct Row {
  std::string_view process;
  std::vector<std::string_view> read_write;
  io::Network network;
  std::vector<std::string_view> read = {};
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      // Appends to its own journal, remembers strangers, asks auth and DNS; opens no database.
      {"receive", {folder::receive_journal, folder::policy}, io::Network::Any, {escrow::known_folder}},
      // Reads and releases the journals, keeps holding and domains, fills mailboxes, reads routes and aliases (the
      // engine maps its shared page, so even readers need to write), speaks to other servers and logs in there,
      // writes the queue's history; reads in reception's log who was put off.
      {"deliver", {folder::spool, folder::accounts, folder::directory, folder::route_logins, folder::history, folder::srs, folder::quarantine, folder::escrow, folder::refusals, folder::subscriptions}, io::Network::Any, {folder::receive_log, folder::dmarc_seen}},
      {"auth", {folder::directory, folder::secrets, folder::srs, abuse::logins_folder}, io::Network::None},
      // Reads private keys, which the command line writes; can change none.
      {"signer", {}, io::Network::None, {folder::dkim_keys}},
      {"pop3-front", {}, io::Network::None},
      {"imap-front", {}, io::Network::None},
      {"pop3-store", {folder::accounts, folder::directory}, io::Network::None},
      {"imap-store", {folder::accounts, folder::directory}, io::Network::None},
      // Runs ClamAV's freshclam and clamscan on its own folder.
      {"virusdb", {folder::virusdb}, io::Network::Any},
      // Reads what the others tell of themselves; tells people by webhook, syslog, and the one command of the settings.
      {"watch", {folder::alarm}, io::Network::Any, {folder::history, folder::counters, folder::virusdb}}};
  return table;
}

// The watch alone may run programs, and only when the settings name one: what the system has, and the command's own folder.
void allow_the_watch(io::Confinement& wanted, const settings::Settings& settings) {
  const auto folder_of = [](const std::string& path) { return path.substr(0, path.rfind('/')); };
  if (const auto& file = settings.metrics.file(); !file.empty()) wanted.read_write.push_back(folder_of(file));
  if (settings.alarm.command().empty()) return;
  wanted.run = {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", folder_of(settings.alarm.command().front())};
  for (const auto* file : {"/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/hostname", "/etc/mailname"}) wanted.read.emplace_back(file);
  wanted.read_write.emplace_back("/dev/null");
}

// ClamAV's programs, and the folder that patterns come from.
void allow_virusdb(io::Confinement& wanted, const settings::Settings& settings) {
  const auto& virusdb = settings.virusdb;
  if (virusdb.source_folder().empty() && virusdb.mirrors().empty() && virusdb.private_mirrors().empty()) return;
  const auto folder_of = [](const std::string& path) { return path.substr(0, path.rfind('/')); };
  wanted.run = {"/usr", "/bin", "/sbin", "/lib", "/lib64", folder_of(virusdb.freshclam()), folder_of(virusdb.clamscan())};
  for (const auto* file : {"/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/clamav"}) wanted.read.emplace_back(file);
  if (const auto& source = virusdb.source_folder(); !source.empty()) wanted.read.push_back(source);
  wanted.read_write.emplace_back("/dev/null");
}

Result<void, std::string> make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return failure(path + ": " + std::strerror(errno));
}

}  // namespace

Result<io::Confined, std::string> confine(std::string_view process, const settings::Settings& settings) {
  const auto row = std::find_if(rows().begin(), rows().end(), [&](const Row& one) { return one.process == process; });
  if (row == rows().end()) return failure(std::string("no row of the confinement table names this process"));
  const std::string& data = settings.node.data();
  io::Confinement wanted;
  wanted.network = row->network;
  wanted.read = io::system_files_to_read();
  if (row->network == io::Network::Any && !settings.delivery.hosts_file().empty()) wanted.read.push_back(settings.delivery.hosts_file());
  if (row->network == io::Network::Any && !settings.delivery.trust_anchors().empty()) wanted.read.push_back(settings.delivery.trust_anchors());
  if (row->network == io::Network::Any && !settings.delivery.authorities_file().empty()) wanted.read.push_back(settings.delivery.authorities_file());
  wanted.read.push_back(folder::in(data, folder::run));
  const std::string log = folder::in(data, folder::log) + "/" + std::string(process);
  const std::string counters = folder::in(data, folder::counters) + "/" + std::string(process);
  TRY_VOID(make_folder(log));
  TRY_VOID(make_folder(counters));
  wanted.read_write = {log, counters};
  for (const auto inside : row->read) wanted.read.push_back(folder::in(data, inside));
  if (process == "receive")
    for (const auto inside : {quarantine::drop_folder, escrow::drop_folder}) wanted.deposit.push_back(folder::in(data, inside));
  if (process == "virusdb") allow_virusdb(wanted, settings);
  if (process == "watch") allow_the_watch(wanted, settings);
  for (const auto inside : row->read_write) {
    wanted.read_write.push_back(folder::in(data, inside));
    // Files in `run` that it writes, whose folder it must not.
    std::vector<std::string_view> pages;
    if (inside == folder::directory) pages = {folder::directory_seen};
    else if (inside == folder::spool) pages = {folder::quota_used, folder::held_used};
    for (const auto name : pages) {
      const auto page = folder::in(data, name);
      const int made = open(page.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
      if (made < 0) return failure(page + ": " + std::strerror(errno));
      close(made);
      wanted.read_write.push_back(page);
    }
  }
  // Nobody of the same user may look into this process.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return failure(std::string("the process cannot be closed to others"));
  const auto confined = io::confine(wanted);
  if (!confined) return failure(confined.error().what + ". Remedy: [serve] confine = false while you look for the reason.");
  return *confined;
}

}  // namespace hikyaku::apps

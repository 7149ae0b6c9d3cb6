#include "services/virusdb/updater.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "io/descriptor.h"
#include "io/posix_disk.h"
#include "io/program.h"
#include "services/virusdb/clamd_talk.h"

namespace hikyaku::virusdb {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t most_history_octets = 4 << 20;
constexpr std::size_t kept_records = 1'000;
constexpr Duration wait_for_others = 1min;

constexpr std::string_view clean_mail =
    "Received: from a.example by b.example; Sun, 22 Nov 2026 09:00:00 +0900\r\nFrom: a@a.example\r\nTo: b@b.example\r\nSubject: minutes\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe minutes of the meeting are ready. See you on Monday.\r\n";

// The line that says what is wrong: ClamAV's own "ERROR:", or else the last.
std::string last_words(const std::string& said) {
  std::string last;
  for (std::size_t at = 0; at < said.size();) {
    const auto end = std::min(said.find('\n', at), said.size());
    const auto line = said.substr(at, end - at);
    if (line.starts_with("ERROR: ")) return line.substr(0, 500);
    if (line.find_first_not_of(" \r\t") != std::string::npos) last = line;
    at = end + 1;
  }
  return last.substr(0, 500);
}

// clamscan(1) ends with 2 for patterns that it cannot read, and for want of memory or a file of its own too. Only the former is their fault: all
// else may pass with the next try.
bool blames_patterns(const std::string& said) {
  const auto has = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  if (has("allocate memory") || has("No space left") || has("out of memory")) return false;
  return has("Malformed database") || has("Broken or not a CVD file") || has("verify database integrity") || has("Can't verify") || has("signature verification failed") || has("Unsupported") || has("Syntax error");
}

bool is_number(const std::string& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string test_virus() { return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR") + "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"; }

// Held while something is changed.
class Updater::Turn {
 public:
  explicit Turn(io::Descriptor lock) : lock_(std::move(lock)) {}

 private:
  io::Descriptor lock_;
};

Result<Updater::Turn, std::string> Updater::begin() {
  std::error_code problem;
  for (const auto* folder : {"", "generations", "test"}) {
    fs::create_directories(path(folder), problem);
    if (problem) return failure(path(folder) + ": " + problem.message());
    // clamd, another user, reads here.
    fs::permissions(path(folder), fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add, problem);
  }
  io::Descriptor lock(::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock) return failure(path("lock") + ": " + std::strerror(errno));
  const SystemClock clock;
  for (const auto end = clock.now() + wait_for_others; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ::usleep(100'000))
    if (clock.now() > end) return failure(std::string("another update of the virus patterns is under way"));
  return Turn(std::move(lock));
}

std::uint64_t Updater::active() const {
  std::error_code problem;
  const auto target = fs::read_symlink(path("active"), problem);
  std::uint64_t number = 0;
  return !problem && is_number(target.filename().string(), number) ? number : 0;
}

std::vector<std::uint64_t> Updater::generations() const {
  std::vector<std::uint64_t> all;
  std::error_code problem;
  for (fs::directory_iterator at(path("generations"), problem), end; !problem && at != end; at.increment(problem))
    if (std::uint64_t number = 0; is_number(at->path().filename().string(), number)) all.push_back(number);
  std::ranges::sort(all);
  return all;
}

std::vector<Record> Updater::history() const {
  io::PosixDisk disk;
  const auto text = io::read_file(disk, path("history"), most_history_octets);
  return text ? parse_records(*text) : std::vector<Record>{};
}

void Updater::write(const Record& record) {
  auto all = history();
  all.push_back(record);
  std::string text;
  for (std::size_t i = all.size() > kept_records ? all.size() - kept_records : 0; i < all.size(); ++i) text += line_of(all[i]);
  io::PosixDisk disk;
  (void)io::replace_file(disk, path("history"), text);
}

io::Ran Updater::run(std::vector<std::string> command, const std::string& folder, Duration limit) const {
  return io::run_program({.command = std::move(command), .folder = folder, .limit = limit,
                          .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + folder, "TMPDIR=" + folder}, .stop_descriptor = options_.stop_descriptor});
}

std::string Updater::run_freshclam() {
  std::string settings = "DatabaseDirectory " + staging_ + "\nForeground yes\nTestDatabases yes\nMaxAttempts 3\nConnectTimeout 30\nReceiveTimeout 0\nScriptedUpdates yes\n";
  if (const passwd* self = ::getpwuid(::geteuid())) settings += "DatabaseOwner " + std::string(self->pw_name) + "\n";
  if (options_.private_mirrors.empty()) settings += "DNSDatabaseInfo current.cvd.clamav.net\n";
  for (const auto& mirror : options_.private_mirrors) settings += "PrivateMirror " + mirror + "\n";
  for (const auto& mirror : options_.mirrors) settings += "DatabaseMirror " + mirror + "\n";
  io::PosixDisk disk;
  const auto written = io::replace_file(disk, path("freshclam.conf"), settings);
  if (!written) return written.error().what;
  const auto ran = run({options_.freshclam, "--config-file=" + path("freshclam.conf"), "--stdout"}, options_.folder, options_.fetch_limit);
  if (!ran.trouble.empty()) return ran.trouble;
  return ran.status == 0 ? std::string{} : "freshclam ended with status " + std::to_string(ran.status) + ": " + last_words(ran.said);
}

// What earlier runs left, and what a program of theirs that outlived them would still write into.
void Updater::remove_stagings() const {
  std::error_code problem;
  for (fs::directory_iterator at(options_.folder, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with("staging")) fs::remove_all(at->path(), ignored);
  }
}

// Into a staging folder of this run alone, which begins with what is in force: freshclam then fetches differences.
std::string Updater::fetch() {
  std::error_code problem;
  remove_stagings();
  staging_ = path("staging-" + std::to_string(::getpid()) + "-" + std::to_string(SystemClock{}.wall().time_since_epoch().count()));
  fs::create_directories(staging_, problem);
  if (problem) return staging_ + ": " + problem.message();
  const bool local = !options_.source_folder.empty();
  if (local || active() != 0) {
    const auto copied = copy_patterns(local ? options_.source_folder : path("active"), staging_);
    if (!copied) return copied.error();
  }
  return local ? std::string{} : run_freshclam();
}

Updater::Objection Updater::test(const std::string& patterns) {
  io::PosixDisk disk;
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"infected", test_virus()}, {"clean", std::string(clean_mail)}})
    if (const auto written = io::replace_file(disk, path("test/" + name), text); !written) return {Kind::Failed, written.error().what};
  const auto ran = run({options_.clamscan, "--database=" + patterns, "--no-summary", "--stdout", "--tempdir=" + path("test"), path("test/infected"), path("test/clean")}, path("test"), options_.test_limit);
  (void)disk.remove(path("test/infected"));
  if (!ran.trouble.empty()) return {Kind::Failed, ran.trouble};
  if (ran.status != 0 && ran.status != 1 && !blames_patterns(ran.said)) return {Kind::Failed, "clamscan did not come to an end (status " + std::to_string(ran.status) + "): " + last_words(ran.said)};
  if (ran.status != 0 && ran.status != 1) return {Kind::Refused, "clamscan cannot use the patterns (status " + std::to_string(ran.status) + "): " + last_words(ran.said)};
  const auto line_of_file = [&](const std::string& name) {
    const auto at = ran.said.find(path("test/" + name) + ": ");
    return at == std::string::npos ? std::string{} : ran.said.substr(at, ran.said.find('\n', at) - at);
  };
  if (!line_of_file("infected").ends_with(" FOUND")) return {Kind::Refused, "the patterns do not find the EICAR test string"};
  if (!line_of_file("clean").ends_with(": OK")) return {Kind::Refused, "the patterns find something in an ordinary mail: " + line_of_file("clean")};
  return {};
}

std::string Updater::put_in_force(std::uint64_t generation) {
  std::error_code problem;
  fs::remove(path("active.new"), problem);
  fs::create_symlink("generations/" + std::to_string(generation), path("active.new"), problem);
  if (!problem) fs::rename(path("active.new"), path("active"), problem);
  if (problem) return path("active") + ": " + problem.message();
  io::PosixDisk disk;
  if (const auto synced = disk.sync_folder(options_.folder); !synced) return synced.error().what;
  return {};
}

void Updater::prune(std::uint64_t active) {
  auto all = generations();
  std::erase(all, active);
  std::error_code ignored;
  for (std::size_t i = 0; i + options_.keep < all.size(); ++i) fs::remove_all(path_of(all[i]), ignored);
  remove_stagings();
}

Record Updater::fetch_and_test(Record record, const std::vector<Record>& history, Force force, bool& unchanged) {
  record.kind = Kind::Failed;
  record.why = fetch();
  if (!record.why.empty()) return record;
  const auto fresh = read_patterns(staging_);
  const auto old = active() != 0 ? read_patterns(path("active")) : Result<PatternSet, std::string>(PatternSet{});
  if (!fresh) return record.why = fresh.error(), record;
  record.fingerprint = fresh->fingerprint, record.built = fresh->built, record.names = fresh->names();
  const bool told_of_none = !history.empty() && history.back().kind == Kind::Refused && history.back().fingerprint == 0;
  unchanged = fresh->fingerprint == 0 ? told_of_none && force == Force::No : ((old && old->fingerprint == fresh->fingerprint) || (force == Force::No && is_rejected(history, fresh->fingerprint)));
  if (unchanged) return record;
  record.kind = Kind::Refused;
  record.why = fresh->files.empty() || force == Force::No ? objection_to(*fresh, old ? *old : PatternSet{}) : std::string{};
  if (!record.why.empty()) return record;
  const auto objection = test(staging_);
  record.kind = objection.kind, record.why = objection.why;
  if (!record.why.empty()) return record;
  record.kind = Kind::Failed;
  if (const auto flushed = flush_folder(staging_); !flushed) return record.why = flushed.error(), record;
  const auto all = generations();
  record.generation = (all.empty() ? 0 : all.back()) + 1;
  std::error_code problem;
  fs::rename(staging_, path_of(record.generation), problem);
  if (problem) return record.why = path_of(record.generation) + ": " + problem.message(), record;
  io::PosixDisk disk;
  if (const auto synced = disk.sync_folder(path("generations")); !synced) return record.why = synced.error().what, record;
  record.why = put_in_force(record.generation);
  if (record.why.empty()) record.kind = Kind::Updated;
  return record;
}

Updater::Outcome Updater::update(WallTime now, Force force) {
  TRY(turn, begin());
  const auto before = history();
  bool unchanged = false;
  Record base;
  base.at = now;
  auto record = fetch_and_test(base, before, force, unchanged);
  prune(active());
  io::PosixDisk disk;
  (void)io::replace_file(disk, path("checked"), line_of(record));
  if (unchanged) return std::optional<Record>{};
  if (record.kind == Kind::Updated)
    if (const auto trouble = tell(); !trouble.empty()) record.why = "clamd was not told: " + trouble;
  // A mirror that stays away is one event of the history, not one an hour.
  const bool again = record.kind == Kind::Failed && !before.empty() && before.back().kind == Kind::Failed && before.back().why == record.why;
  if (!again) write(record);
  return std::optional(std::move(record));
}

Updater::Outcome Updater::roll_back(WallTime now, std::optional<std::uint64_t> to) {
  TRY(turn, begin());
  const auto now_active = active();
  const auto all = generations();
  if (!to) {
    const auto at = std::ranges::find(all, now_active);
    if (at == all.end() || at == all.begin()) return failure(std::string("there are no earlier patterns to go back to"));
    to = *std::prev(at);
  }
  if (!std::ranges::binary_search(all, *to)) return failure("there is no generation " + std::to_string(*to));
  if (*to == now_active) return failure("generation " + std::to_string(*to) + " is in force already");
  Record record;
  record.at = now, record.generation = *to;
  const auto patterns = read_patterns(path_of(*to));
  if (!patterns) return failure(patterns.error());
  record.fingerprint = patterns->fingerprint, record.built = patterns->built, record.names = patterns->names();
  if (const auto objection = test(path_of(*to)); !objection.why.empty()) return failure("generation " + std::to_string(*to) + " fails its test: " + objection.why);
  if (const auto trouble = put_in_force(*to); !trouble.empty()) return failure(trouble);
  record.kind = Kind::RolledBack;
  if (const auto trouble = tell(); !trouble.empty()) record.why = "clamd was not told: " + trouble;
  write(record);
  return std::optional(std::move(record));
}

// The file "told" names the generation that clamd was last seen to work with.
std::string Updater::tell() {
  if (!options_.clamd) return {};
  std::uint64_t daily = 0;
  if (const auto patterns = read_patterns(path("active")))
    for (const auto& file : patterns->files)
      if (file.name.starts_with("daily.")) daily = file.version;
  auto trouble = tell_clamd(*options_.clamd, {.infected = test_virus(), .daily = daily, .limit = options_.clamd_limit, .stop_descriptor = options_.stop_descriptor});
  io::PosixDisk disk;
  if (trouble.empty()) (void)io::replace_file(disk, path("told"), std::to_string(active()));
  return trouble;
}

Updater::Outcome Updater::tell_again(WallTime now) {
  io::PosixDisk disk;
  const auto told = io::read_file(disk, path("told"), 100);
  if (!options_.clamd || active() == 0 || (told && *told == std::to_string(active()))) return std::optional<Record>{};
  TRY(turn, begin());
  Record record;
  record.at = now, record.kind = Kind::Updated, record.generation = active();
  record.why = tell();
  return std::optional(std::move(record));
}

Result<Updater::Status, std::string> Updater::status() {
  Status status;
  status.generation = active();
  status.generations = generations();
  status.history = history();
  io::PosixDisk disk;
  if (const auto text = io::read_file(disk, path("checked"), 1 << 16))
    if (const auto checked = parse_records(*text); !checked.empty()) status.checked = checked.back().at;
  if (status.generation != 0) {
    TRY(patterns, read_patterns(path("active")));
    status.patterns = std::move(patterns);
  }
  return status;
}

}  // namespace hikyaku::virusdb

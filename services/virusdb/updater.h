// Updater: brings virus patterns from where they come to where clamd reads them, and never lets a bad set through. Below its folder:
//
//   active -> generations/N    what clamd reads (DatabaseDirectory of clamd.conf): a link, replaced in one step
//   generations/N              whole sets; the one in force and some before it
//   staging-*                  a set that is being fetched and tested, of one run
//   history, lock, test, told
//
// A set becomes active only when it is no older and not much smaller than the one in force, and clamscan, with it alone, finds the EICAR
// test string and does not find anything in an ordinary mail; ClamAV's own signatures are verified by clamscan as it reads them. It is
// on stable storage before the link is replaced. All calls block; one at a time, over all processes.
#pragma once

#include <functional>
#include <optional>

#include "io/program.h"
#include "io/socket_address.h"
#include "services/virusdb/pattern_set.h"
#include "services/virusdb/record.h"

namespace hikyaku::virusdb {

struct UpdaterOptions {
  std::string folder;
  // Where they come from: a folder, or else freshclam with mirrors.
  std::string source_folder;
  std::vector<std::string> mirrors, private_mirrors;
  std::string freshclam = "/usr/bin/freshclam", clamscan = "/usr/bin/clamscan";
  std::optional<io::SocketAddress> clamd;  // who is told; nothing: nobody
  std::size_t keep = 3;                    // sets before the one in force
  Duration fetch_limit = std::chrono::minutes{30}, test_limit = std::chrono::minutes{10}, clamd_limit = std::chrono::minutes{2};
  int stop_descriptor = -1;  // readable: what runs is ended, and the update with it
};

enum class Force : std::uint8_t { No, Yes };  // yes: also what was rejected before, is older, or has shrunk; never what fails the test scan

class Updater {
 public:
  explicit Updater(UpdaterOptions options) : options_(std::move(options)) {}

  // What happened; nothing: there is nothing new. The error is our own trouble before anything began (another one is at work, the folder).
  using Outcome = Result<std::optional<Record>, std::string>;
  Outcome update(WallTime now, Force force);
  // To the set before the one in force, or to generation `to`; tested first.
  Outcome roll_back(WallTime now, std::optional<std::uint64_t> to);

  // When clamd was not told of what is in force: tells it. Nothing: it was. The record says why it could not be, and is not kept.
  Outcome tell_again(WallTime now);

  struct Status {
    std::uint64_t generation = 0;  // in force; 0: none
    PatternSet patterns;
    std::vector<std::uint64_t> generations;
    std::vector<Record> history;
    WallTime checked{};            // the last look at the source, whatever came of it
  };
  Result<Status, std::string> status();

 private:
  class Turn;
  Result<Turn, std::string> begin();
  Record fetch_and_test(Record record, const std::vector<Record>& history, Force force, bool& unchanged);
  std::string fetch();
  std::string run_freshclam();
  std::string tell();
  void remove_stagings() const;
  [[nodiscard]] io::Ran run(std::vector<std::string> command, const std::string& folder, Duration limit) const;
  // Refused: by the patterns' fault; Failed: by ours.
  struct Objection {
    Kind kind = Kind::Refused;
    std::string why;  // empty: none
  };
  Objection test(const std::string& patterns);
  std::string put_in_force(std::uint64_t generation);
  void prune(std::uint64_t active);
  void write(const Record& record);
  [[nodiscard]] std::uint64_t active() const;
  [[nodiscard]] std::vector<std::uint64_t> generations() const;
  [[nodiscard]] std::vector<Record> history() const;
  [[nodiscard]] std::string path(std::string_view inside) const { return options_.folder + "/" + std::string(inside); }
  [[nodiscard]] std::string path_of(std::uint64_t generation) const { return path("generations/" + std::to_string(generation)); }

  const UpdaterOptions options_;
  std::string staging_;
};

// The EICAR test string, put together so that no scanner takes a program that holds it for infected.
[[nodiscard]] std::string test_virus();

}  // namespace hikyaku::virusdb

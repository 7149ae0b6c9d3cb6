// Supervision: which process should run, is running, or waits to be started again. Pure: it is told what happened and
// when, and answers with what to do, so that crashes, back-off and limits are tested without processes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace hikyaku::apps {

enum class ProcessState : std::uint8_t {
  Down,      // not wanted
  Starting,  // has not said that it is ready
  Up,
  Stopping,  // told to stop
  Waiting,   // died or failed to start; will be started again at `again_at`
};

struct Action {
  enum class Kind : std::uint8_t {
    Start,
    Stop,                // and close its listeners: clients are refused at once
    StopForSuccessor,    // its listeners stay open
    Kill,
  };
  Kind kind{};
  std::string process;
  friend bool operator==(const Action&, const Action&) = default;
};

struct SupervisionRules {
  Duration restart_wait = 1s;      // after a crash soon after the start; doubles with each further one
  Duration restart_wait_max = 60s;
  Duration stop_limit = 20s;       // the process's own; it is killed 5 s after it
  Duration ready_limit = 60s;
  Duration proven_after = 10s;     // a crash after this long is the first of its row, and is mended at once
};

struct Supervised {
  std::string name;
  ProcessState state = ProcessState::Down;
  bool wanted = false;
  bool restart = false;         // Stopping, to be started again at once
  int pid = 0;
  Instant since{};              // of the state
  Instant again_at{};           // Waiting
  int crashes_in_row = 0;
  std::uint64_t restarts = 0;   // after crashes, since serve began
  std::string last_problem;     // why it died or did not start; empty: nothing happened
};

class Supervision {
 public:
  explicit Supervision(std::vector<std::string> processes);
  void set_rules(const SupervisionRules& rules) { rules_ = rules; }

  // What is wished. A process that is up is stopped by act(), and the other way round; one that waits is started without waiting.
  void want(std::string_view process, bool up);
  // Stop and start again, keeping the listeners; one that waits is started now. Nothing when it is not wanted.
  void want_restart(std::string_view process);

  // What happened.
  void started(std::string_view process, int pid, Instant now);
  void not_started(std::string_view process, std::string_view why, Instant now);
  void ready(std::string_view process, Instant now);
  void ended(std::string_view process, std::string_view how, Instant now);
  // Found running when the control process came back after a crash of its own.
  void adopt(std::string_view process, int pid, Instant now);

  // What to do now. Start must be answered by started() or not_started() before the next call.
  [[nodiscard]] std::vector<Action> act(Instant now);
  // act() has nothing to do before this, unless something happens.
  [[nodiscard]] Instant next_look() const;

  [[nodiscard]] const std::vector<Supervised>& all() const { return processes_; }
  [[nodiscard]] const Supervised& one(std::string_view process) const;

 private:
  [[nodiscard]] Supervised& find(std::string_view process);
  void failed(Supervised& process, std::string_view why, Instant now);
  static void enter(Supervised& process, ProcessState state, Instant now);

  std::vector<Supervised> processes_;
  SupervisionRules rules_;
};

}  // namespace hikyaku::apps

// TakeOver: prepared DKIM keys become active by themselves once DNS has shown their records for long enough, and the keys before
// them retire. Runs in deliver, which may ask DNS and change the directory; no private key is needed for it.
#pragma once

#include <functional>

#include "io/loop.h"
#include "io/resolver.h"
#include "io/workers.h"
#include "services/directory/editor.h"
#include "services/telemetry/log.h"

namespace hikyaku::signing {

struct TakeOverTimes {
  Duration check_interval{}, settle_time{};
};

class TakeOver {
 public:
  using AskTxt = std::function<Task<io::DnsAnswer<std::string>>(std::string name, Deadline deadline)>;
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    directory::Editor& editor;
    const directory::Reader& directory;
    telemetry::Log& log;
    const Clock& clock;
    AskTxt txt;
    std::function<TakeOverTimes()> times;
  };
  explicit TakeOver(Parts parts) : parts_(std::move(parts)) {}

  // Until the loop stops. Spawn it.
  Task<void> run();
  // One look at all prepared keys.
  Task<void> look();

 private:
  Task<void> look_at(directory::DkimKey key);

  Parts parts_;
};

}  // namespace hikyaku::signing

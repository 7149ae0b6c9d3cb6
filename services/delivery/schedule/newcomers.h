// Newcomers: destinations that appeared since somebody asked, so that who must look at each looks once. Bounded: when nobody
// asks for long, it only knows that there were too many.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hikyaku::delivery {

class Newcomers {
 public:
  static constexpr std::size_t most = 100'000;
  struct Taken {
    std::vector<std::string> names;  // one may be there twice
    bool too_many = false;           // some are not named: look at all
  };
  void add(const std::string& name) {
    if (taken_.too_many) return;
    if (taken_.names.size() < most) taken_.names.push_back(name);
    else taken_ = {{}, true};
  }
  [[nodiscard]] Taken take() { return std::exchange(taken_, {}); }

 private:
  Taken taken_;
};

}  // namespace hikyaku::delivery

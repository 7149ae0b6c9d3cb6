# Compiler and linker flags for every target, and the precompiled header all folders share.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
                    -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer -fPIE -fstack-protector-strong
                    "SHELL:-Xclang -fno-pch-timestamp")
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-fuse-ld=lld -pie)
include_directories(${CMAKE_SOURCE_DIR})

if(HIKYAKU_SANITIZE)
  # clang cannot place the function sanitizer's data beside coroutines, hence the exception.
  add_compile_options(-fsanitize=${HIKYAKU_SANITIZE} -fno-sanitize-recover=all)
  if(HIKYAKU_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=function)
  endif()
  add_link_options(-fsanitize=${HIKYAKU_SANITIZE})
endif()
if(HIKYAKU_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Standard headers only: nothing of ours may hide in it (a header must compile alone).
add_library(hikyaku_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_precompile_headers(hikyaku_pch PRIVATE
  <algorithm> <array> <chrono> <coroutine> <cstdint> <deque> <expected> <functional> <map> <memory> <optional>
  <set> <span> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector>)

module github.com/capaks/capaks/tools/armspec

go 1.26.0

package control

import (
	"fmt"
	"net/http"

	"github.com/capaks/capaks/azuresim/arm"
)

// endOperation ends an operation in flight at once, whatever the clock says: {"id": …, "finish": true} lets it do what
// it was about to do, {"id": …, "fail": {"code": …, "message": …}} lets it fail. The id is the operation's, or that of
// the resource it works on.
func (a *API) endOperation(w http.ResponseWriter, r *http.Request) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	var how struct {
		ID     string              `json:"id"`
		Finish bool                `json:"finish"`
		Fail   *arm.OperationError `json:"fail"`
	}
	if err := strict(raw, &how); err != nil {
		return err
	}
	switch {
	case how.Finish == (how.Fail != nil):
		return fmt.Errorf(`say either "finish": true or "fail": {"code": …, "message": …}`)
	case how.Fail != nil && how.Fail.Code == "":
		return fmt.Errorf(`"fail" needs a "code"`)
	}
	var id, status string
	err = a.Fabric.Do(func() error {
		op := a.Fabric.Operation(how.ID)
		if op == nil {
			op = a.Fabric.RunningOn(how.ID)
		}
		if op == nil {
			return fmt.Errorf("there is no operation %q, and no resource of that id with one in flight; GET /_azuresim/state lists those in flight", how.ID)
		}
		if err := a.Fabric.Complete(op, how.Fail); err != nil {
			return err
		}
		id, status = op.ID, op.Status
		return nil
	})
	if err != nil {
		return err
	}
	return reply(w, map[string]any{"id": id, "status": status})
}

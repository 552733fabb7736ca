package v1beta1

// Annotations of AzureManagedControlPlane and AzureManagedMachinePool about what is going on in Azure.
const (
	// PreflightAnnotation of an AzureManagedControlPlane says what is done about the checks before its cluster, or a pool of
	// it, is created: PreflightEnforce, PreflightWarn or PreflightSkip.
	PreflightAnnotation = "infrastructure.cluster.x-k8s.io/preflight"

	// PreflightEnforce sends nothing while a check has found what Azure would certainly refuse. It is meant where none is given.
	PreflightEnforce = "enforce"

	// PreflightWarn makes the checks, says what they found, and goes on all the same.
	PreflightWarn = "warn"

	// PreflightSkip makes no checks and asks Azure nothing for them.
	PreflightSkip = "skip"

	// AbortAnnotation names the operation of Azure that is to be aborted: its name, correlationID or startTime, as
	// status.operation shows them. It aborts that operation and never another one, so it can stay. While it is there, what
	// the aborted operation was for is not tried again until the spec changes.
	AbortAnnotation = "infrastructure.cluster.x-k8s.io/abort"

	// AbortedAnnotation is written by the controller: the value of AbortAnnotation that was acted on, and a digest of the spec
	// that is not tried again.
	AbortedAnnotation = "infrastructure.cluster.x-k8s.io/aborted"
)

// Condition types about what Azure can and does do.
const (
	// PreflightPassedCondition: nothing is known that would keep Azure from making what is declared. Its message has the
	// doubts, and what could not be checked.
	PreflightPassedCondition = "PreflightPassed"

	// AzureResourceAvailableCondition is what Azure Resource Health says about the AKS cluster. It is there with the feature
	// gate AKSResourceHealth only.
	AzureResourceAvailableCondition = "AzureResourceAvailable"
)
